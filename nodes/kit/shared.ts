import type { Handover } from './account/handover';
import type { Ledgers } from './account/ledgers';
import type { FlowStart, HeldMessages } from './deploys';
import type { Hooks } from './http/routes';

/** What all nodes of one Node-RED share. */
export interface Shared {
  hooks: Hooks;
  handovers: Handover;
  heldMessages: HeldMessages;
  flowStart: FlowStart;
  ledgers: Ledgers;
}
