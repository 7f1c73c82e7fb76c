import type { ProxySettings, TlsSettings } from '../../../lib/client/index';
import type { Language } from '../../../lib/dialogue/index';
import type { LinktorError } from '../../../lib/errors';
import type { KeptLedger, Ledger } from '../../../lib/ledger/index';
import type { fields } from '../../linktor-config';
import type { Values } from '../fields';
import type { FileService } from './file-service';

/** The values of the config node's fields. */
export type AccountSettings = Values<typeof fields>;

/** Locale and time settings for the people who are asked. */
export type PeopleSettings = Pick<AccountSettings, 'language' | 'country' | 'zone' | 'quietHours' | 'keepDays'>;

/** Services of Node-RED for an account. */
export interface AccountHost {
  /** of the config node */
  id: string;
  /** language of Node-RED */
  language: Language;
  /** name of the account's durable consumer in NATS */
  consumer: string;
  /** open the ledger; called once */
  openLedger(onDamaged: () => void, prepare?: (ledger: Ledger) => Promise<void>): KeptLedger;
  closeLedger(ledger: KeptLedger, removed: boolean): Promise<void>;
  /** serves files to the channels; shared by all accounts */
  files?: FileService;
  /** where the files of waiting messages lie; undefined where there is no place for them */
  keptFolder?: string;
  /** the setting `linktor.files` of Node-RED */
  fileFolders?: unknown;
  /** @param act called once, when the flows have started @returns the function that cancels it */
  whenStarted(act: () => void): () => void;
}

/** Connection settings from other config nodes. */
export interface Route {
  tls?: TlsSettings;
  /** for NATS, which has a certificate of its own */
  natsTls?: TlsSettings;
  /** for the shared store of several instances */
  storeTls?: TlsSettings;
  proxy?: ProxySettings;
}

export interface AccountLog {
  info(text: string): void;
  warn(text: string): void;
  /** reaches Catch nodes in the flows of all users of the config node */
  error(error: LinktorError): void;
}
