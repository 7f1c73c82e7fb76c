/** What the sidebar is told: the shape of the routes' answers, for both sides. Nothing in it is secret. */

export interface AccountFacts {
  id: string;
  name: string;
  /** host and port of the Server URL */
  host: string;
  state: 'idle' | 'connecting' | 'open' | 'waiting' | 'refused' | 'paused' | 'closed' | 'standby' | 'store_down';
  /** of several instances: the name of the one that leads */
  leader?: string;
  /** of several instances this one leads */
  leads?: boolean;
  /** milliseconds of the clock */
  since?: number;
  attempts: number;
  /** code of the last failure */
  problem?: string;
  /** milliseconds there and back */
  latency?: number;
  /** nodes in the flows that use it */
  users: number;
  counters: Record<string, number>;
}

/** An event without a word of what people said. */
export interface Line {
  /** rises from line to line */
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
  /** why a message did not arrive, in the server's words */
  reason?: string;
  /** of a call that failed: the type of its node */
  nodeType?: string;
  /** characters of the text, which is not shown */
  length?: number;
  status?: string;
}

export interface Report {
  accounts: AccountFacts[];
  /** of the account that is watched: what came after the number that was asked for, oldest first */
  lines: Line[];
  /** the server of the account that is watched is a sandbox */
  sandbox: boolean;
  /** the oldest questions of that account which wait for an answer */
  waiting: WaitingLine[];
  /** how many there are in all */
  waitingInAll: number;
  /** conversations of that account that people have taken over, the latest first */
  takenOver: TakenOverLine[];
  /** how many there are in all */
  takenOverInAll: number;
}

/** A conversation that a person has taken over. */
export interface TakenOverLine {
  conversationId: string;
  /** message, echo, assigned, escalated, word, flow */
  reason: string;
  /** milliseconds of the clock */
  since: number;
  /** it ends by itself then; without it only by hand */
  until?: number;
}

/** A question that waits. Who it waits for is told by ids. */
export interface WaitingLine {
  id: string;
  /** name of the node, if it has one */
  node: string;
  nodeType: string;
  conversationId?: string;
  contactId?: string;
  /** milliseconds of the clock */
  asked: number;
  deadline: number;
  /** answers that did not fit */
  attempts: number;
  /** its node is not there: it ends soon */
  isOrphan: boolean;
}

/** What somebody does with a question that waits: answers it with a text, or ends it without one. */
export interface WaitingDeed {
  id: string;
  text?: string;
}

/** A conversation of a sandbox as its customer sees it. */
export interface Talk {
  /** what the shop has said last */
  said: string;
  /** what the shop has offered last to press */
  offers: { id: string; title: string }[];
  /** messages of the shop that the customer has not read */
  unread: number;
}

/** What a customer does; one of the three. */
export interface Deed {
  conversationId: string;
  text?: string;
  choice?: { id: string; title: string };
  read?: boolean;
}
