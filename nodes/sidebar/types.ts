/** Responses of the sidebar's routes, for both sides. They contain no secrets. */

export interface AccountFacts {
  id: string;
  name: string;
  /** host and port of the Server URL */
  host: string;
  state:
    | 'idle'
    | 'connecting'
    | 'open'
    | 'waiting'
    | 'refused'
    | 'paused'
    | 'closed'
    | 'standby'
    | 'sharing'
    | 'store_down'
    | 'webhooks_only'
    | 'no_realtime';
  /** with several instances: name of the leader */
  leader?: string;
  /** with several instances: whether this one leads */
  leads?: boolean;
  /** with several instances: it works alone, since their store is away */
  alone?: boolean;
  /** milliseconds of the clock */
  since?: number;
  attempts: number;
  /** code of the last failure */
  problem?: string;
  /** round trip, milliseconds */
  latency?: number;
  /** nodes in the flows that use this account */
  users: number;
  counters: Record<string, number>;
}

/** An event without message text. */
export interface Line {
  /** increases from line to line */
  number: number;
  /** milliseconds of the clock */
  at: number;
  event: string;
  source: string;
  recovered: boolean;
  channelType?: string;
  conversationId?: string;
  senderType?: string;
  contentType?: string;
  /** reason why a message was not delivered, in the server's words */
  reason?: string;
  /** node type of a failed call */
  nodeType?: string;
  /** length of the text in characters; the text itself is not shown */
  length?: number;
  status?: string;
}

export interface Report {
  accounts: AccountFacts[];
  /** lines of the viewed account above the requested number, oldest first */
  lines: Line[];
  /** whether the server of the viewed account is a sandbox */
  sandbox: boolean;
  /** the oldest open questions of that account */
  waiting: WaitingLine[];
  /** total number */
  waitingInAll: number;
  /** conversations of that account that people have taken over, the latest first */
  takenOver: TakenOverLine[];
  /** total number */
  takenOverInAll: number;
  /** with several instances: the instances of that account */
  cluster?: ClusterFacts;
}

/** The instances that share the work of an account. */
export interface ClusterFacts {
  instances: InstanceLine[];
  /** total number */
  instancesInAll: number;
  /** messages that wait to be sent */
  outbox: number;
  /** messages on the disk of this instance, until the store is back */
  held: number;
  /** code of the failure when the store did not answer; then the lists are empty */
  problem?: string;
}

export interface InstanceLine {
  name: string;
  isSelf: boolean;
  leads: boolean;
  /** takes no new work */
  isDraining: boolean;
  /** milliseconds of the store's clock */
  since: number;
  /** where all share the events: the lanes of conversations that it has, and what waits in them */
  lanes?: { number: number; waiting: number };
}

/** An action on the instance of this Node-RED: let another one lead, take no new work, take part again. */
export interface InstanceAction {
  action: 'handOver' | 'drain' | 'join';
}

/** A conversation that a person has taken over. */
export interface TakenOverLine {
  conversationId: string;
  /** message, echo, assigned, escalated, word, flow */
  reason: string;
  /** milliseconds of the clock */
  since: number;
  /** time at which it ends by itself; if absent, it ends only by hand */
  until?: number;
}

/** An open question. The contact is given by id only. */
export interface WaitingLine {
  id: string;
  /** name of the node, or '' */
  node: string;
  nodeType: string;
  conversationId?: string;
  contactId?: string;
  /** milliseconds of the clock */
  asked: number;
  deadline: number;
  /** number of invalid answers */
  attempts: number;
  /** its node is missing, so it ends soon */
  isOrphan: boolean;
}

/** An action on an open question: answer it with a text, or end it without one. */
export interface WaitingAction {
  id: string;
  text?: string;
}

/** The customer's view of a sandbox conversation. */
export interface Talk {
  /** last message of the shop */
  said: string;
  /** last buttons offered by the shop */
  offers: { id: string; title: string }[];
  /** unread messages of the shop */
  unread: number;
}

/** An action of a customer: a text, a choice or a read receipt. */
export interface Deed {
  conversationId: string;
  text?: string;
  choice?: { id: string; title: string };
  read?: boolean;
}
