// GraphiQL on the API, as a user of the demo: for development alone, where anybody may log in.

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { createClient } from "graphql-ws";
import { devLogin } from "@musclemap/client";
import { DEV_LOGIN, setting, socketsOf } from "./session.ts";
import "graphiql/graphiql.css";
import "./graphiql.css";

const EXAMPLE = `# The API as a user of the demo; the token stands in the headers below.
{
  me { username }
  conversations {
    nodes { title unreadCount lastMessage { content sender { displayName } } }
  }
}
`;

async function begin(target: HTMLElement): Promise<void> {
  const server = await setting();
  const { token } = await devLogin(DEV_LOGIN, server.demo[0] ?? "ann");
  const authorization = `Bearer ${token}`;
  const wsClient = createClient({ url: socketsOf(server), connectionParams: { authorization } });
  const fetcher = createGraphiQLFetcher({ url: "/graphql", wsClient });
  const defaultHeaders = JSON.stringify({ authorization }, null, 2);
  createRoot(target).render(createElement(GraphiQL, { fetcher, defaultHeaders, defaultQuery: EXAMPLE, shouldPersistHeaders: false }));
}

const target = document.getElementById("graphiql");
if (!target) throw new Error("the page has no place for GraphiQL");
begin(target).catch((error: unknown) => (target.textContent = String(error)));
