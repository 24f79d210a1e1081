// A target in Express, beside routes that read JSON: it is told of events. Each of them is handled once, also if it is sent again.
//   SIGNING_KEY=... node examples/receivers/express.mjs
import express from "express";
import { createReceiver } from "@interpose/receiver";
import { expressHandler } from "@interpose/receiver/express";

const told = [];
const receiver = createReceiver({
  keys: process.env.SIGNING_KEY,
  on: {
    event({ event_type, aggregateID, event_payload }) {
      told.push({ event_type, aggregateID, ...event_payload });
    },
  },
});

const app = express();
// Before express.json(): a signature is over the bytes as they came.
app.post("/hook", expressHandler(receiver));
app.use(express.json());
app.get("/told", (request, response) => void response.json(told));

const port = Number(process.env.PORT ?? 9090);
const server = app.listen(port, "127.0.0.1", () => console.log(`ready at http://127.0.0.1:${server.address().port}/`));
process.once("SIGTERM", () => server.close().closeAllConnections());
