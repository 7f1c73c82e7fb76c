import type { ErrorCode } from '../../../lib/errors';

/** Responses of the admin routes to the dialogs. No response contains a credential. */

/** One entry of a pick list. */
export interface Item {
  /** the id */
  value: string;
  label: string;
  /** text that distinguishes items of the same name */
  detail?: string;
  /** what else it tells, for other fields */
  facts?: Record<string, string>;
  /** of a template; undefined when they are not known */
  placeholders?: TemplatePlace[];
}

/** A place in a template that is to be filled in. */
export interface TemplatePlace {
  id: string;
  /** as the template shows it */
  name: string;
  /** what it stands in */
  preview: string;
  optional?: boolean;
}

/** A part of a list. */
export interface Part {
  items: Item[];
  /** query of the next part */
  next?: Record<string, string>;
}

/** A failure that the user can fix. */
export interface Refusal {
  ok: false;
  /** `not_deployed`: a config node that exists only in the editor */
  code?: ErrorCode | 'not_deployed';
  message?: string;
  hint?: string;
}

export type Answer<T> = ({ ok: true } & T) | Refusal;

/** One result of a connection test. */
export interface Finding {
  what:
    | 'server'
    | 'signIn'
    | 'contract'
    | 'features'
    | 'missing'
    | 'clock'
    | 'clockOff'
    | 'realtime'
    | 'nats'
    | 'natsShared'
    | 'memory'
    | 'memoryOnly'
    | 'outbox'
    | 'store'
    | 'storeEvicts'
    | 'storeForgets';
  /** undefined: neutral */
  ok?: boolean;
  /** values for the text of the finding */
  facts?: Record<string, string | number | readonly string[]>;
  problem?: Omit<Refusal, 'ok'>;
}

export interface Tested {
  findings: Finding[];
  /** plain text for a support case */
  diagnostics: string;
}
