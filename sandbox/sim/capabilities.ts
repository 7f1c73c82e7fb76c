import { MESSAGE_KINDS } from '../state/message';
import type { Fields } from '../wire/form';

const MEGABYTE_BYTES = 1024 * 1024;

interface Limits {
  without: readonly string[];
  maxMessageLength: number;
  maxMediaSize: number;
}

const PLAIN_TEXT = MESSAGE_KINDS.filter((kind) => kind !== 'text');
const DEFAULT_LIMITS: Limits = { without: ['template'], maxMessageLength: 4096, maxMediaSize: 16 * MEGABYTE_BYTES };

const LIMITS: Readonly<Record<string, Limits>> = {
  whatsapp: { ...DEFAULT_LIMITS, without: [] },
  telegram: { ...DEFAULT_LIMITS, maxMediaSize: 50 * MEGABYTE_BYTES },
  facebook: { ...DEFAULT_LIMITS, maxMessageLength: 2000, maxMediaSize: 25 * MEGABYTE_BYTES },
  instagram: {
    without: ['template', 'interactive', 'location', 'contact'],
    maxMessageLength: 1000,
    maxMediaSize: 8 * MEGABYTE_BYTES,
  },
  sms: { without: PLAIN_TEXT, maxMessageLength: 1600, maxMediaSize: 0 },
  voice: { without: PLAIN_TEXT, maxMessageLength: 1000, maxMediaSize: 0 },
  email: {
    without: ['template', 'interactive', 'location', 'contact', 'sticker'],
    maxMessageLength: 100_000,
    maxMediaSize: 25 * MEGABYTE_BYTES,
  },
};

/** The capabilities of a channel type. Sizes are bytes, lengths are characters. */
export function capabilitiesOf(type: string): Fields {
  const { without, maxMessageLength, maxMediaSize } = LIMITS[type] ?? DEFAULT_LIMITS;
  const supportedContentTypes = MESSAGE_KINDS.filter((kind) => kind !== 'system' && !without.includes(kind));
  const can = (kind: string): boolean => supportedContentTypes.some((known) => known === kind);
  return {
    supportedContentTypes,
    supportsMedia: can('image'),
    supportsButtons: can('interactive'),
    supportsLists: can('interactive'),
    supportsTemplates: can('template'),
    supportsLocation: can('location'),
    maxMessageLength,
    maxMediaSize,
  };
}
