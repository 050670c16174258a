// A client of sockets that shares no code with the system: the package graphql-ws, used as an app would.
//
// It follows the inbox of one user while another sends over HTTP, and says in one line of JSON what it
// heard, and how sockets end that break the rules. Arguments are environment variables: MM_API and
// MM_SOCKETS (URLs), MM_READER and MM_SENDER (tokens), MM_CONVERSATION (that both are in).
// Every wait has a deadline; when one passes, this ends with failure.

import { randomUUID } from "node:crypto";
import { createClient, GRAPHQL_TRANSPORT_WS_PROTOCOL } from "graphql-ws";
import WebSocket from "ws";

const { MM_API, MM_SOCKETS, MM_READER, MM_SENDER, MM_CONVERSATION } = process.env;
// Who hears nothing for 30 s is pinged; who does not answer is closed 30 s later.
const PATIENCE_MS = 120_000;
const SEND = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
const ME = { operationName: "Me", query: "query Me { me { username } }" };
const INBOX = {
    operationName: "Inbox",
    query: `subscription Inbox($after: String) { inbox(after: $after) { cursor event {
        __typename ... on MessageCreated { message { content } } ... on Drained { replayed } } } }`,
};

async function inTime(what, promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not in time: ${what}`)), PATIENCE_MS);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What comes by and by, for one who takes it. */
function queue(what) {
    const there = [];
    let wake = () => {};
    const put = (item) => {
        there.push(item);
        wake();
    };
    const take = async () => {
        if (there.length === 0) await inTime(what, new Promise((woken) => (wake = woken)));
        return there.shift();
    };
    return { put, take };
}

async function send(content) {
    const input = { conversationId: MM_CONVERSATION, clientMessageId: randomUUID(), content };
    const answer = await fetch(MM_API, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${MM_SENDER}` },
        body: JSON.stringify({ query: SEND, variables: { input } }),
        signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const { errors } = await answer.json();
    if (errors) throw new Error(`${content}: ${JSON.stringify(errors)}`);
}

/** Connects at once, and stays connected when nothing runs. */
function connect(token, options) {
    return createClient({
        url: MM_SOCKETS,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${token}` },
        lazy: false,
        ...options,
    });
}

/** The reader's client, and an inbox on it that knows how far it was heard. */
function reader() {
    const [sockets, frames, pongs] = [queue("a connection"), queue("a frame"), queue("an answered ping")];
    const closed = [];
    let cursor = null;
    let away = async () => {};
    const client = connect(MM_READER, {
        retryWait: () => away(),
        generateID: (operation) => operation.operationName,
        on: {
            connected: (socket) => sockets.put(socket),
            closed: ({ code }) => closed.push(code),
            ping: (_, payload) => (cursor = payload?.cursors?.Inbox ?? cursor),
            pong: (_, payload) => pongs.put(typeof payload?.cursors?.Inbox),
        },
    });
    // Read whenever the operation is sent, so that a retry, which the library does by itself, resumes.
    const variables = {
        get after() {
            return cursor;
        },
    };
    /** Gives a function that completes it. */
    const open = () => {
        let leave;
        const end = new Promise((complete, error) => {
            const next = ({ data, errors }) => {
                if (errors) return error(new Error(JSON.stringify(errors)));
                cursor = data.inbox.cursor;
                frames.put(data.inbox.event);
            };
            leave = client.subscribe({ ...INBOX, variables }, { next, error, complete });
        });
        return async () => {
            leave();
            await inTime("the end of the inbox", end);
        };
    };
    /** Events up to the first of a kind. */
    const hear = async (kind) => {
        const heard = [];
        for (;;) {
            const { __typename, message, replayed } = await frames.take();
            // The conversation's opening, which is live for who comes before it is settled.
            if (__typename === "ConversationChanged" || __typename === "AccountChanged") continue;
            heard.push(`${__typename} ${message?.content ?? replayed ?? ""}`.trim());
            if (__typename === kind) return heard;
        }
    };
    /** Cuts the connection; the library connects again once `meanwhile` is done. */
    const cut = async (socket, meanwhile) => {
        away = meanwhile;
        socket.terminate();
        return sockets.take();
    };
    return { client, closed, sockets, pongs, open, hear, cut };
}

async function story() {
    const { client, closed, sockets, pongs, open, hear, cut } = reader();
    const saw = {};
    let socket = await sockets.take();
    const complete = open();
    saw.opened = await hear("Drained");
    await send("heard live");
    saw.live = await hear("MessageCreated");

    const answers = client.iterate(ME);
    saw.asked = (await inTime("an answer", answers.next())).value;
    saw.answered = (await inTime("the end of the answer", answers.next())).done;

    await complete();
    await send("while not subscribed");
    open();
    saw.openedAgain = await hear("Drained");
    saw.closedBefore = [...closed];

    socket = await cut(socket, async () => {
        await send("while away, first");
        await send("while away, second");
    });
    saw.resumed = await hear("Drained");
    await send("heard live again");
    saw.liveAgain = await hear("MessageCreated");

    // Each had a cursor. The second comes only to who has answered the first.
    saw.pings = [await pongs.take(), await pongs.take()];
    await cut(socket, () => send("after a quiet time"));
    saw.resumedFromPing = await hear("Drained");
    saw.closed = [...closed];
    await client.dispose();
    return saw;
}

/** How the library's connection ends, by code and reason, when it does not try again. */
function end(token, options) {
    return new Promise((onNonLazyError) => {
        connect(token, { ...options, retryAttempts: 0, onNonLazyError });
    }).then(({ code, reason }) => `${code} ${reason}`);
}

/** How a socket ends on which messages are said that the library never would say. */
function endAfter(messages) {
    const socket = new WebSocket(MM_SOCKETS, GRAPHQL_TRANSPORT_WS_PROTOCOL);
    socket.on("open", () => messages.forEach((message) => socket.send(JSON.stringify(message))));
    return new Promise((resolve, reject) => {
        socket.on("close", (code, reason) => resolve(`${code} ${reason}`));
        socket.on("error", reject);
    });
}

async function ends() {
    const init = { type: "connection_init", payload: { authorization: `Bearer ${MM_READER}` } };
    const subscribe = { id: "1", type: "subscribe", payload: INBOX };
    const all = {
        operationBeforeInit: endAfter([subscribe]),
        badToken: end("a.b.c", {}),
        noInit: end(MM_READER, { connectionParams: () => new Promise(() => {}) }),
        idTaken: endAfter([init, subscribe, subscribe]),
        secondInit: endAfter([init, init]),
        unansweredPing: end(MM_READER, { disablePong: true }),
    };
    const named = Object.entries(all).map(async ([name, how]) => [name, await inTime(name, how)]);
    return Object.fromEntries(await Promise.all(named));
}

const [inbox, closed] = await Promise.all([story(), ends()]);
console.log(JSON.stringify({ inbox, closed }));
