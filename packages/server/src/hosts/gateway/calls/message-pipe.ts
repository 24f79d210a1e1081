import type { HeldBytes } from "./held-bytes.ts";
import type { Cutter, Piece } from "../protocols/framing.ts";

/** What a pipe of messages needs. */
export interface MessagePipeOptions {
  readonly cutter: Cutter;
  /** What all pipes hold together. */
  readonly held: HeldBytes;
  /** Passes a piece on, perhaps changed. Answers how many bytes were sent for it; the next one comes when they have left. */
  readonly pass: (piece: Piece) => number | Promise<number>;
  /** The last piece has left, and the body has ended. */
  readonly end: () => void;
  /** Lets the sender send that many bytes more. */
  readonly credit: (bytes: number) => void;
  /** The body is over before its end: a message was refused, or is none. Nothing else is called behind it. */
  readonly fail: (error: unknown) => void;
}

/** One direction of a call whose messages are looked at, one after another, in order. */
export interface MessagePipe {
  /** Bytes have come. They are copied. */
  data(bytes: Buffer, start: number, end: number): void;
  /** The body has ended. */
  finish(): void;
  /** Bytes that `pass` has told of have left. */
  sent(bytes: number): void;
  /** Stops: what comes is thrown away, and nothing but `credit` is called any more. */
  stop(): void;
}

/**
 * Cuts a body into messages and passes each on when it was looked at. States: *collecting* a message, for which its sender gets credit as it comes;
 * *passing* it on, until it has left: meanwhile nobody gets credit, so a slow target or receiver slows the sender, and what is held is
 * never more than one message and a window; *over*.
 */
export function createMessagePipe({ cutter, held, ...options }: MessagePipeOptions): MessagePipe {
  let uncredited = 0;
  let unsent = 0;
  let isPassing = false;
  /** Size of the piece that is being looked at; what of this pipe is counted in `held`. */
  let inHand = 0;
  let counted = 0;
  let isFinished = false;
  let isOver = false;

  function advance(): void {
    while (!isOver && !isPassing && unsent <= 0) {
      let piece: Piece | undefined;
      try {
        piece = isFinished ? cutter.takeLast() : cutter.take();
        if (!piece) break;
        const passed = options.pass(piece);
        if (typeof passed !== "number") {
          isPassing = true;
          inHand = piece.bytes.byteLength;
          passed.then(left, fail);
        } else unsent += passed;
      } catch (error) {
        fail(error);
      }
    }
    count();
    if (isOver || isPassing || unsent > 0) return;
    if (!isFinished) giveCredit();
    else {
      isOver = true;
      options.end();
    }
  }

  function count(): void {
    const now = isOver ? 0 : cutter.held() + inHand;
    held.change(now - counted);
    counted = now;
  }

  function left(bytes: number): void {
    isPassing = false;
    inHand = 0;
    // Bytes that are sent may be told of before the promise is: what was told counts against what comes here.
    unsent += bytes;
    advance();
  }

  function fail(error: unknown): void {
    if (isOver) return;
    isOver = true;
    count();
    options.fail(error);
  }

  function giveCredit(): void {
    if (uncredited === 0) return;
    const bytes = uncredited;
    uncredited = 0;
    options.credit(bytes);
  }

  return {
    data(bytes, start, end) {
      if (isOver) {
        options.credit(end - start);
        return;
      }
      uncredited += end - start;
      try {
        held.refuseMore();
        cutter.push(Buffer.from(bytes.subarray(start, end)));
      } catch (error) {
        fail(error);
      }
      advance();
    },
    finish() {
      isFinished = true;
      advance();
    },
    sent(bytes) {
      unsent -= bytes;
      advance();
    },
    stop() {
      isOver = true;
      count();
      giveCredit();
    },
  };
}
