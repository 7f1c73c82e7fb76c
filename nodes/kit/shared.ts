import type { Memory } from '../../lib/realtime/index';
import type { Ledgers } from './account/ledgers';
import type { FlowStart, HeldMessages } from './deploys';
import type { Pages } from './http/pages';
import type { Hooks } from './http/routes';

/** What all nodes of one Node-RED share. */
export interface Shared {
  hooks: Hooks;
  pages: Pages;
  /** what accounts that a deploy replaces have delivered and how far, by the id of their config node */
  handovers: Map<string, Memory>;
  heldMessages: HeldMessages;
  flowStart: FlowStart;
  ledgers: Ledgers;
}
