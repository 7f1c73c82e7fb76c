import type { Memory } from '../../lib/realtime/index';
import type { AccountChanges } from './account/choose';
import type { FileService } from './account/file-service';
import type { Ledgers } from './account/ledgers';
import type { FlowStart, HeldMessages } from './deploys';
import type { Pages } from './http/pages';
import type { Hooks } from './http/routes';

/** Objects shared by all nodes of one Node-RED. */
export interface Shared {
  hooks: Hooks;
  pages: Pages;
  files: FileService;
  /** delivery state of accounts replaced by a deploy, by the id of their config node */
  handovers: Map<string, Memory>;
  heldMessages: HeldMessages;
  flowStart: FlowStart;
  ledgers: Ledgers;
  accountChanges: AccountChanges;
}
