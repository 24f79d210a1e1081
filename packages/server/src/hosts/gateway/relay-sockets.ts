import type { Socket } from "node:net";
import { countRead } from "./read-buffers.ts";
import type { WiredConnection } from "./relay/connection-events.ts";

/** Ties connections to sockets, and to each other. */
export interface RelaySockets {
  /** Reads from a socket into a connection, and sends what the connection has. `onClose` is called once, when both are over. */
  bind(socket: Socket, connection: WiredConnection, onClose: () => void): void;
  /** Ties two connections to each other in memory. What it answers parts them: both are lost then. */
  join(one: WiredConnection, other: WiredConnection): () => void;
  /** To be called when a connection has something to send; see `ConnectionEvents.output`. */
  output(connection: WiredConnection): void;
}

/** Where what a connection sends goes. */
interface Sink {
  /** It takes nothing at the moment. */
  isFull(): boolean;
  /** Answers whether it takes more. */
  write(chunks: readonly Buffer[]): boolean;
  /** The connection has come to its end, and all of it was written. */
  end(): void;
}

/** What a chunk of this many bytes causes does not wait for the end of the turn, in which there may be many of them. */
const LARGE_CHUNK_BYTES = 16 * 1024;

/**
 * What the chunks cause that sockets give in one turn of the event loop is sent at its end: one write for each socket, however many calls of how many clients it carries. What else is
 * done, such as an answer of a target, is sent at its own end. A socket that does not take more is left alone until it drains; meanwhile its connection holds bodies, and so their senders
 * get no credit. `onFault` is told of what should not happen.
 */
export function createRelaySockets(onFault: (error: unknown) => void): RelaySockets {
  const sinks = new Map<WiredConnection, Sink>();
  let dirty: WiredConnection[] = [];
  /** A chunk of a socket is read. */
  let isReading = false;
  /** A flush comes: at the end of what is done; at the end of the turn. */
  let isComing = false;
  let isLastComing = false;

  /** Reads bytes into a connection. Answers whether that went well: a fault of ours must not end the calls of others with the process. */
  function receive(connection: WiredConnection, chunk: Buffer): boolean {
    try {
      connection.receive(chunk, performance.now());
      return true;
    } catch (error) {
      onFault(error);
      return false;
    }
  }

  function flush(): void {
    while (dirty.length > 0) {
      const now = dirty;
      dirty = [];
      for (const connection of now) send(connection);
    }
  }

  function flushWhatIsDone(): void {
    isComing = false;
    flush();
  }

  function flushTurn(): void {
    isLastComing = false;
    flush();
  }

  function send(connection: WiredConnection): void {
    const sink = sinks.get(connection);
    if (!sink || sink.isFull()) return;
    if (!sink.write(connection.output.take())) connection.setWritable(false);
    if (connection.error) sink.end();
  }

  return {
    bind(socket, connection, onClose) {
      sinks.set(connection, socketSink(socket));
      socket.on("data", (chunk: Buffer) => {
        isReading = true;
        if (!receive(connection, chunk)) socket.destroy();
        isReading = false;
        if (chunk.byteLength >= LARGE_CHUNK_BYTES) flush();
        countRead(chunk);
      });
      socket.on("drain", () => {
        connection.setWritable(true);
        send(connection);
      });
      // A reset is followed by its close.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        connection.lost();
        sinks.delete(connection);
        onClose();
      });
      send(connection);
    },
    join(one, other) {
      const part = (): void => {
        for (const connection of [one, other]) {
          sinks.delete(connection);
          connection.lost();
        }
      };
      const sinkTo = (to: WiredConnection): Sink => ({
        isFull: () => false,
        write(chunks) {
          for (const chunk of chunks) if (!receive(to, chunk)) part();
          return true;
        },
        end: part,
      });
      sinks.set(one, sinkTo(other));
      sinks.set(other, sinkTo(one));
      return part;
    },
    output(connection) {
      dirty.push(connection);
      if (isReading) {
        if (isLastComing) return;
        isLastComing = true;
        setImmediate(flushTurn);
      } else if (!isComing) {
        isComing = true;
        queueMicrotask(flushWhatIsDone);
      }
    },
  };
}

function socketSink(socket: Socket): Sink {
  return {
    isFull: () => socket.writableNeedDrain,
    write(chunks) {
      let takesMore = true;
      if (chunks.length > 1) socket.cork();
      for (const chunk of chunks) takesMore = socket.write(chunk);
      if (chunks.length > 1) socket.uncork();
      return takesMore;
    },
    end: () => void socket.end(),
  };
}
