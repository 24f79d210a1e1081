import { Budget } from "./budget.ts";
import type { ConnectionEvents, WiredConnection } from "./connection-events.ts";
import type { ReceivedBlock } from "./header-blocks.ts";
import type { HeaderBlock } from "./hpack/index.ts";
import { ConnectionError, StreamError } from "./http2-error.ts";
import { DEFAULT_LIMITS, type ConnectionLimits } from "./limits.ts";
import { createMessageForm, type MessageForm } from "./message-form.ts";
import {
  DEFAULT_WINDOW,
  ERROR_CODE,
  FLAG,
  FRAME,
  LARGEST_STREAM_ID,
  PREFACE,
  SETTING,
  type ErrorCode,
} from "./numbers.ts";
import type { Output } from "./output.ts";
import { createRecentIds } from "./recent-ids.ts";
import { protocolError, Receiver, type FrameHandlers } from "./receiver.ts";
import { Sender } from "./sender.ts";
import { applySettings } from "./settings.ts";
import { StreamTable } from "./stream-table.ts";
import { Stream, type StreamConnection } from "./stream.ts";

/** How many streams that we have reset are remembered, to ignore what their peers had sent before they knew. */
const REMEMBERED_RESETS = 1_000;

/**
 * One side of an HTTP/2 connection (RFC 9113) as a state machine: it is given bytes, tells what they mean, and collects in `output` what is to be
 * sent. It knows no socket and no clock. States: *opening*, until the peer's preface and SETTINGS are there; *open*; *draining*, after a GOAWAY of
 * either side: streams end, and none begins; *closed*, after `close()`, `lost()` or a fault of the peer's: `error` says why, and nothing is read or told any more.
 */
export class Connection<T> implements StreamConnection<T>, WiredConnection {
  error: ConnectionError | undefined;
  readonly #role: "server" | "client";
  readonly #limits: ConnectionLimits;
  readonly #events: ConnectionEvents<T>;
  readonly #receiver: Receiver;
  readonly #sender: Sender<T>;
  readonly #streams = new StreamTable<Stream<T>>();
  readonly #resetByUs = createRecentIds(REMEMBERED_RESETS);
  readonly #form: MessageForm;
  readonly #resets: Budget;
  readonly #useless: Budget;
  /** Highest stream that the peer has begun; the next that we begin. */
  #lastPeerStream = 0;
  #nextStream = 1;
  #receiveWindow: number;
  #uncredited = 0;
  /** Bytes of answers that were written since the output was last empty. */
  #answers = 0;
  #now = 0;
  #goawaySent = false;
  #goawayReceived = false;

  constructor(role: "server" | "client", events: ConnectionEvents<T>, limits: ConnectionLimits = DEFAULT_LIMITS) {
    this.#role = role;
    this.#limits = limits;
    this.#events = events;
    this.#receiver = new Receiver(this.#handlers(), limits, { expectPreface: role === "server" });
    this.#sender = new Sender({
      onOutput: () => events.output(this),
      onSent: events.sent,
      onEnded: (stream) => this.#forgetWhenClosed(stream),
      onReset: (stream, code) => this.reset(stream, code),
    });
    this.#form = createMessageForm(role === "server" ? "client" : "server");
    this.#resets = new Budget(limits.resets);
    this.#useless = new Budget(limits.useless);
    this.#receiveWindow = Math.max(DEFAULT_WINDOW, limits.connectionWindow);
    if (role === "client") this.output.bytes(PREFACE);
    this.output.settings([
      role === "client" ? [SETTING.ENABLE_PUSH, 0] : [SETTING.MAX_CONCURRENT_STREAMS, limits.maxConcurrentStreams],
      [SETTING.INITIAL_WINDOW_SIZE, limits.streamWindow],
      [SETTING.MAX_HEADER_LIST_SIZE, limits.maxHeaderListBytes],
    ]);
    if (this.#receiveWindow > DEFAULT_WINDOW) this.output.windowUpdate(0, this.#receiveWindow - DEFAULT_WINDOW);
  }

  get output(): Output {
    return this.#sender.output;
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /** Whether a stream can be begun now; only of a client's side. */
  get canOpen(): boolean {
    return (
      !this.error &&
      !this.#goawayReceived &&
      !this.#goawaySent &&
      this.#receiver.gotSettings &&
      this.#nextStream <= LARGEST_STREAM_ID &&
      this.#streams.size < this.#sender.peer.maxConcurrentStreams
    );
  }

  /** Whether it will never take a new stream again. */
  get isDraining(): boolean {
    return this.#goawayReceived || this.#goawaySent || this.#nextStream > LARGEST_STREAM_ID || this.error !== undefined;
  }

  receive(chunk: Buffer, now: number): void {
    if (this.error) return;
    this.#now = now;
    try {
      this.#receiver.read(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.#fail(error);
    }
  }

  /** Begins a stream with its request. `canOpen` must hold. */
  open(owner: T, block: HeaderBlock, endStream: boolean): Stream<T> {
    const stream = this.#begin(this.#nextStream);
    this.#nextStream += 2;
    stream.owner = owner;
    this.#sender.headers(stream, block, endStream);
    return stream;
  }

  sendHeaders(stream: Stream<T>, block: HeaderBlock, endStream: boolean): void {
    if (!stream.isReset && !stream.sentEnd) this.#sender.headers(stream, block, endStream);
  }

  sendData(stream: Stream<T>, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (!stream.isReset && !stream.sentEnd) this.#sender.data(stream, bytes, start, end, endStream);
  }

  credit(stream: Stream<T>, bytes: number): void {
    stream.uncredited += bytes;
    // Nothing more will come: credit would be wasted bytes.
    if (stream.receivedEnd || stream.isReset || stream.uncredited < this.#limits.streamWindow / 2) return;
    this.output.windowUpdate(stream.id, stream.uncredited);
    stream.receiveWindow += stream.uncredited;
    stream.uncredited = 0;
  }

  reset(stream: Stream<T>, code: ErrorCode): void {
    if (stream.isClosed) return;
    this.output.rstStream(stream.id, code);
    this.#resetByUs.add(stream.id);
    this.#remove(stream);
  }

  resetBehind(stream: Stream<T>, code: ErrorCode): void {
    if (!stream.isClosed) this.#sender.resetBehind(stream, code);
  }

  setWritable(writable: boolean): void {
    if (!this.error) this.#sender.setWritable(writable);
  }

  /** Begins to drain: the peer is told that no new stream will be taken. */
  drain(): void {
    if (this.error || this.#goawaySent) return;
    this.#goawaySent = true;
    this.output.goaway(this.#lastPeerStream, ERROR_CODE.NO_ERROR, "");
  }

  lost(): void {
    if (this.error) return;
    this.#close(new ConnectionError(ERROR_CODE.CONNECT_ERROR, "the connection is gone"));
  }

  #fail(error: ConnectionError): void {
    this.output.goaway(this.#lastPeerStream, error.code, error.message);
    this.#close(error);
  }

  #close(error: ConnectionError): void {
    this.error = error;
    this.#receiver.stop();
    for (const stream of this.#streams.all()) {
      this.#remove(stream);
      this.#events.reset(stream, error.code);
    }
  }

  #handlers(): FrameHandlers {
    return {
      data: (streamId, bytes, start, end, size, endStream) => this.#data(streamId, bytes, start, end, size, endStream),
      block: (received) => this.#block(received),
      rstStream: (streamId, code) => this.#rstStream(streamId, code),
      settings: (payload, start, end) => this.#settings(payload, start, end),
      ping: (payload, start, end) =>
        this.#answer(() => this.output.frame(FRAME.PING, FLAG.ACK, 0, payload, start, end)),
      goaway: (last, code) => this.#goaway(last, code),
      windowUpdate: (streamId, increment) => this.#windowUpdate(streamId, increment),
      useless: () => this.#spendUseless(),
      streamError: (error) => this.#streamError(error),
    };
  }

  #data(streamId: number, bytes: Buffer, start: number, end: number, size: number, endStream: boolean): void {
    this.#receiveWindow -= size;
    if (this.#receiveWindow < 0)
      throw new ConnectionError(ERROR_CODE.FLOW_CONTROL_ERROR, "more DATA than the connection's window");
    this.#creditConnection(size);
    const stream = this.#streamOf(streamId, "DATA");
    if (!stream) return;
    if (stream.receivedEnd) throw new StreamError(streamId, ERROR_CODE.STREAM_CLOSED, "DATA behind the end");
    stream.receiveWindow -= size;
    if (stream.receiveWindow < 0)
      throw new StreamError(streamId, ERROR_CODE.FLOW_CONTROL_ERROR, "more DATA than the stream's window");
    if (start === end && !endStream) this.#spendUseless();
    this.#form.data(stream, end - start, endStream);
    if (endStream) stream.receivedEnd = true;
    // Nobody behind us uses the padding.
    if (end - start < size) this.credit(stream, size - (end - start));
    this.#events.data(stream, bytes, start, end, endStream);
    if (endStream) this.#forgetWhenClosed(stream);
  }

  #block(received: ReceivedBlock): void {
    const { streamId, endStream, block } = received;
    const stream = this.#streams.get(streamId) ?? this.#beginPeers(streamId);
    if (!stream) return;
    if (stream.receivedEnd) throw new StreamError(streamId, ERROR_CODE.STREAM_CLOSED, "HEADERS behind the end");
    if (block === "too_large") {
      // Only a server can say so in an answer; a client can but give the stream up.
      if (this.#role === "client" || stream.receivedHeaders)
        throw new StreamError(streamId, ERROR_CODE.CANCEL, "a header block that is too large");
      stream.receivedHeaders = true;
      stream.receivedEnd = endStream;
      this.#events.headersTooLarge(stream);
    } else {
      this.#form.headers(stream, block.fields, endStream);
      if (endStream) stream.receivedEnd = true;
      this.#events.headers(stream, block, endStream);
    }
    if (endStream) this.#forgetWhenClosed(stream);
  }

  /** The stream that a peer begins with a header block; undefined when the block is to be ignored. */
  #beginPeers(streamId: number): Stream<T> | undefined {
    if (this.#role === "client") {
      if (streamId % 2 === 0 || streamId >= this.#nextStream)
        throw protocolError("HEADERS on a stream that we have not begun");
      return undefined;
    }
    if (streamId % 2 === 0) throw protocolError("a client's stream with an even number");
    if (streamId <= this.#lastPeerStream) {
      if (this.#resetByUs.has(streamId)) return undefined;
      throw new ConnectionError(ERROR_CODE.STREAM_CLOSED, "HEADERS on a stream that is closed");
    }
    // After GOAWAY, streams above the one that it named are ignored.
    if (this.#goawaySent) return undefined;
    this.#lastPeerStream = streamId;
    if (this.#streams.size >= this.#limits.maxConcurrentStreams)
      throw new StreamError(streamId, ERROR_CODE.REFUSED_STREAM, "more streams at once than allowed");
    return this.#begin(streamId);
  }

  #begin(streamId: number): Stream<T> {
    const stream = new Stream<T>(streamId, this, this.#sender.peer.initialWindow, this.#limits.streamWindow);
    this.#streams.add(stream);
    return stream;
  }

  #rstStream(streamId: number, code: ErrorCode): void {
    const stream = this.#streamOf(streamId, "RST_STREAM");
    this.#spendReset();
    if (!stream) return;
    this.#remove(stream);
    this.#events.reset(stream, code);
  }

  #settings(payload: Buffer, start: number, end: number): void {
    const previousWindow = this.#sender.peer.initialWindow;
    applySettings(this.#sender.peer, payload, start, end);
    this.#answer(() => this.output.emptyFrame(FRAME.SETTINGS, FLAG.ACK, 0));
    this.#sender.settingsChanged(previousWindow, this.#streams.all());
    if (this.#role === "client") this.#events.room();
  }

  /** Answers are small, but a peer that asks and never reads would make them a heap (CVE-2019-9512, CVE-2019-9515). */
  #answer(write: () => void): void {
    const before = this.output.length;
    if (before === 0) this.#answers = 0;
    if (this.#answers > this.#limits.maxWaitingAnswers)
      throw new ConnectionError(ERROR_CODE.ENHANCE_YOUR_CALM, "too many frames that want an answer, and none is read");
    write();
    this.#answers += this.output.length - before;
  }

  #goaway(last: number, code: ErrorCode): void {
    this.#goawayReceived = true;
    if (this.#role === "client") {
      for (const stream of this.#streams.all()) {
        if (stream.id <= last) continue;
        this.#remove(stream);
        this.#events.reset(stream, ERROR_CODE.REFUSED_STREAM);
      }
    }
    this.#events.goaway(code);
  }

  #windowUpdate(streamId: number, increment: number): void {
    if (streamId === 0) {
      this.#sender.creditConnection(increment);
      return;
    }
    const stream = this.#streamOf(streamId, "WINDOW_UPDATE");
    if (increment === 0) throw new StreamError(streamId, ERROR_CODE.PROTOCOL_ERROR, "WINDOW_UPDATE of 0");
    if (stream) this.#sender.creditStream(stream, increment);
  }

  #streamError(error: StreamError): void {
    // A client that makes us reset its streams costs as much as one that resets them itself (CVE-2025-8671).
    this.#spendReset();
    const stream = this.#streams.get(error.streamId);
    this.output.rstStream(error.streamId, error.code);
    this.#resetByUs.add(error.streamId);
    if (!stream) return;
    this.#remove(stream);
    this.#events.reset(stream, error.code);
  }

  /**
   * The stream that a frame is for. Undefined: it is closed, and the frame is to be ignored, as the peer may have sent it before it knew.
   * DATA on a stream that we did not reset is refused; a stream that was never begun is an error of the connection (RFC 9113, section 5.1).
   */
  #streamOf(streamId: number, type: "DATA" | "RST_STREAM" | "WINDOW_UPDATE"): Stream<T> | undefined {
    const stream = this.#streams.get(streamId);
    if (stream) return stream;
    const isOurs = (streamId % 2 === 1) === (this.#role === "client");
    if (isOurs ? streamId >= this.#nextStream : streamId > this.#lastPeerStream && !this.#goawaySent)
      throw protocolError("a frame on a stream that was never begun");
    if (type === "DATA" && !this.#resetByUs.has(streamId) && !this.#goawaySent)
      throw new StreamError(streamId, ERROR_CODE.STREAM_CLOSED, "DATA on a stream that is closed");
    return undefined;
  }

  #creditConnection(bytes: number): void {
    this.#uncredited += bytes;
    if (this.#uncredited < this.#limits.connectionWindow / 2) return;
    this.output.windowUpdate(0, this.#uncredited);
    this.#receiveWindow += this.#uncredited;
    this.#uncredited = 0;
  }

  #spendReset(): void {
    if (this.#role === "server" && !this.#resets.spend(this.#now))
      throw new ConnectionError(ERROR_CODE.ENHANCE_YOUR_CALM, "too many streams were reset");
  }

  #spendUseless(): void {
    if (!this.#useless.spend(this.#now))
      throw new ConnectionError(ERROR_CODE.ENHANCE_YOUR_CALM, "too many frames that have no use");
  }

  #forgetWhenClosed(stream: Stream<T>): void {
    if (stream.isClosed) this.#forget(stream);
  }

  #remove(stream: Stream<T>): void {
    stream.isReset = true;
    this.#sender.drop(stream);
    this.#forget(stream);
  }

  #forget(stream: Stream<T>): void {
    if (this.#streams.delete(stream.id) && this.#role === "client" && !this.error) this.#events.room();
  }
}
