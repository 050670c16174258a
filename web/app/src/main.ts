// Where the app begins.

import { mount } from "svelte";
import App from "./App.svelte";
import { follow } from "./scheme.ts";
import "./app.css";

const target = document.getElementById("app");
if (!target) throw new Error("the page has no place for the app");
follow();
mount(App, { target });
