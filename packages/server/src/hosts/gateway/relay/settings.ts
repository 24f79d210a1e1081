import { ConnectionError } from "./http2-error.ts";
import { DEFAULT_WINDOW, ERROR_CODE, LARGEST_WINDOW, LEAST_MAX_FRAME, MOST_MAX_FRAME, SETTING } from "./numbers.ts";

/** What the other side of a connection has announced (RFC 9113, section 6.5.2). */
export interface PeerSettings {
  headerTableSize: number;
  enablePush: boolean;
  maxConcurrentStreams: number;
  initialWindow: number;
  maxFrame: number;
}

/** What holds until the other side says otherwise. */
export function defaultPeerSettings(): PeerSettings {
  return {
    headerTableSize: 4096,
    enablePush: true,
    maxConcurrentStreams: Infinity,
    initialWindow: DEFAULT_WINDOW,
    maxFrame: LEAST_MAX_FRAME,
  };
}

/** Reads the payload of SETTINGS into what holds. Identifiers that nobody knows are ignored. Throws ConnectionError for a value out of bounds. */
export function applySettings(settings: PeerSettings, payload: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at += 6) {
    const value = payload.readUInt32BE(at + 2);
    switch (payload.readUInt16BE(at)) {
      case SETTING.HEADER_TABLE_SIZE:
        settings.headerTableSize = value;
        break;
      case SETTING.ENABLE_PUSH:
        if (value > 1) throw outOfBounds("ENABLE_PUSH", value, ERROR_CODE.PROTOCOL_ERROR);
        settings.enablePush = value === 1;
        break;
      case SETTING.MAX_CONCURRENT_STREAMS:
        settings.maxConcurrentStreams = value;
        break;
      case SETTING.INITIAL_WINDOW_SIZE:
        if (value > LARGEST_WINDOW) throw outOfBounds("INITIAL_WINDOW_SIZE", value, ERROR_CODE.FLOW_CONTROL_ERROR);
        settings.initialWindow = value;
        break;
      case SETTING.MAX_FRAME_SIZE:
        if (value < LEAST_MAX_FRAME || value > MOST_MAX_FRAME)
          throw outOfBounds("MAX_FRAME_SIZE", value, ERROR_CODE.PROTOCOL_ERROR);
        settings.maxFrame = value;
        break;
    }
  }
}

function outOfBounds(name: string, value: number, code: number): ConnectionError {
  return new ConnectionError(code, `SETTINGS_${name} of ${value}`);
}
