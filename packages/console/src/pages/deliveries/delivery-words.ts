import {
  AttemptDecision,
  DeliveryState,
  type Delivery,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { Tone } from "../../components/badge.tsx";

/** How far a delivery is: as the address has it, for people, and what it means. */
export interface StateWords {
  readonly state: DeliveryState;
  readonly value: string;
  readonly label: string;
  readonly tone: Tone;
  readonly means: string;
}

/** All states, from the beginning of a delivery to its end. */
export const STATES: readonly StateWords[] = [
  {
    state: DeliveryState.BLOCKED,
    value: "blocked",
    label: "blocked",
    tone: "plain",
    means: "A target before it, of the same event, was not told yet.",
  },
  {
    state: DeliveryState.QUEUED,
    value: "queued",
    label: "queued",
    tone: "plain",
    means: "An earlier delivery with the same key is not over.",
  },
  {
    state: DeliveryState.WAITING,
    value: "waiting",
    label: "waiting",
    tone: "info",
    means: "It is attempted when its time comes.",
  },
  { state: DeliveryState.RUNNING, value: "running", label: "running", tone: "info", means: "It is being attempted." },
  {
    state: DeliveryState.HELD,
    value: "held",
    label: "held",
    tone: "warn",
    means: "Its target is paused, or failed so often that it is left alone for a while.",
  },
  {
    state: DeliveryState.SUCCEEDED,
    value: "succeeded",
    label: "succeeded",
    tone: "good",
    means: "Its target was told.",
  },
  {
    state: DeliveryState.DEAD,
    value: "dead",
    label: "dead",
    tone: "bad",
    means: "It failed for good. It can be sent again.",
  },
  {
    state: DeliveryState.CANCELLED,
    value: "cancelled",
    label: "cancelled",
    tone: "plain",
    means: "It was ended by hand, or its target was deleted.",
  },
  {
    state: DeliveryState.SKIPPED,
    value: "skipped",
    label: "skipped",
    tone: "warn",
    means: "A target before it that interrupts could not be told.",
  },
];

const UNKNOWN: StateWords = {
  state: DeliveryState.UNSPECIFIED,
  value: "",
  label: "unknown",
  tone: "plain",
  means: "This console is older than the server.",
};

/** States of deliveries that are not over. */
export const OPEN_STATES: readonly DeliveryState[] = [
  DeliveryState.BLOCKED,
  DeliveryState.QUEUED,
  DeliveryState.WAITING,
  DeliveryState.RUNNING,
  DeliveryState.HELD,
];

/** A list of deliveries by their states. */
export interface DeliveryView {
  readonly href: string;
  readonly label: string;
  /** Empty: those that are chosen. */
  readonly states: readonly DeliveryState[];
  /** What is said where there is none. */
  readonly none: string;
}

/** The views, in the order of their tabs. */
export const VIEWS: readonly DeliveryView[] = [
  { href: "/deliveries", label: "All", states: [], none: "No delivery on record is like that." },
  { href: "/deliveries/open", label: "Not over", states: OPEN_STATES, none: "Nothing waits: all deliveries are over." },
  {
    href: "/deliveries/dead",
    label: "Dead letters",
    states: [DeliveryState.DEAD],
    none: "There is no dead letter: nothing failed for good.",
  },
];

/** How a delivery stands, in words. */
export function stateWords(state: DeliveryState): StateWords {
  return STATES.find((each) => each.state === state) ?? UNKNOWN;
}

/** Whether a delivery can be set going again by itself: it is over, or waits for nobody but its target. */
export function canRedeliver({ state }: Pick<Delivery, "state">): boolean {
  return !isInLine(state) && state !== DeliveryState.RUNNING;
}

/** Whether it can be cancelled: it is not over. */
export function canCancel({ state }: Pick<Delivery, "state">): boolean {
  return OPEN_STATES.includes(state);
}

/** Whether it can be replayed: it is over. */
export function canReplay(delivery: Pick<Delivery, "state">): boolean {
  return !canCancel(delivery);
}

function isInLine(state: DeliveryState): boolean {
  return state === DeliveryState.BLOCKED || state === DeliveryState.QUEUED;
}

const DECISIONS: Readonly<Record<AttemptDecision, readonly [Tone, string]>> = {
  [AttemptDecision.UNSPECIFIED]: ["plain", "unknown"],
  [AttemptDecision.SUCCEEDED]: ["good", "told"],
  [AttemptDecision.RETRY]: ["warn", "failed, is tried again"],
  [AttemptDecision.DEAD]: ["bad", "failed for good"],
  [AttemptDecision.HELD]: ["warn", "waits for the target's queue"],
  [AttemptDecision.DROPPED]: ["plain", "ended by others meanwhile"],
};

/** What came of an attempt. */
export function decisionWords(decision: AttemptDecision): readonly [Tone, string] {
  return DECISIONS[decision];
}

const REASONS: Readonly<Partial<Record<string, string>>> = {
  by_hand: "by hand",
  target_deleted: "its target was deleted",
  interrupted: "a target before it could not be told",
  run_too_deep: "deliveries led to it in a circle",
  dns: "its target's name did not resolve",
  egress_denied: "its target's address is outside the egress rules",
  connect: "no connection to its target",
  tls: "no TLS with its target",
  timeout: "its target took too long",
  exchange: "the exchange with its target broke off",
  status: "its target answered with an error status",
  redirect: "its target redirected in a way that is not followed",
  reply_too_large: "its target's reply was too large",
  payload_too_large: "its payload was too large",
  unsealable: "its payload could not be signed or encrypted",
  worker_lost: "the server that attempted it was lost",
};

/** Why a delivery ended as it did, for people; what is not known here is said as the server says it. */
export function reasonText(reason: string): string {
  return REASONS[reason] ?? reason;
}
