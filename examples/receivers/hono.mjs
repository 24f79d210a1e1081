// A target by Fetch, with Hono, of the payload type JWT: what it is sent is signed by the instance's own key too. The last line is Node's; the rest runs as it is
// on Cloudflare Workers, Deno and Bun.
//   SIGNING_KEY=... JWKS=http://127.0.0.1:8080/.well-known/jwks.json node examples/receivers/hono.mjs
import { Hono } from "hono";
import { createReceiver, reply } from "@interpose/receiver";
import { honoHandler } from "@interpose/receiver/hono";
import { createOpener } from "@interpose/receiver/tokens";
import { serve } from "./serve-fetch.mjs";

const { SIGNING_KEY, JWKS } = process.env;

const receiver = createReceiver({
  keys: SIGNING_KEY,
  opener: createOpener({ jwks: JWKS }),
  on: { request: ({ request, userID }) => reply.change({ ...request, author: userID }) },
});

const app = new Hono().post("/hook", honoHandler(receiver));

serve(app.fetch);
