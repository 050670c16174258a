// The audits of the package graphql-http: whether a server follows GraphQL over HTTP.
//
// It says in one line of JSON, for each audit that a server does not pass, its name and the reason; and
// how many it passes. The one argument is an environment variable: MM_API (a URL). A GET carries the
// header that this system asks for; everything else is as the audits send it.

import { auditServer } from "graphql-http";

const fetchFn = (url, init = {}) => {
    const isGet = (init.method ?? "GET") === "GET";
    const headers = isGet ? { ...init.headers, "x-musclemap-preflight": "1" } : init.headers;
    return fetch(url, { ...init, headers, signal: AbortSignal.timeout(30_000) });
};

const results = await auditServer({ url: process.env.MM_API, fetchFn });
const failed = results.filter(({ status }) => status !== "ok");
const reasons = failed.map(({ id, name, reason }) => `${id} ${name}: ${reason}`);
console.log(JSON.stringify({ passed: results.length - failed.length, failed: reasons }));
