import { invalid } from '../errors';
import { fold, readFigure, readList } from '../text';
import { namedValueTest } from './named-value';

/** The fields of a contact that rules use. */
export interface KnownContact {
  tags?: readonly string[];
  fields: Readonly<Record<string, unknown>>;
  /** time of the previous message, milliseconds; undefined: this one is the first */
  before?: number;
}

/** The fields of a conversation that rules use. */
export interface KnownConversation {
  status?: string;
  priority?: string;
  assignedTo?: string;
}

/** The kinds of rules that require reading the conversation. */
export const conversationKinds = ['status', 'assigned', 'priority'] as const;

/** The kinds of rules that require reading the contact. */
export const contactKinds = ['firstMessage', 'backAfter', 'contactTag', 'contactField'] as const;

const DAY_MS = 86_400_000;

/**
 * @param value `backAfter`: days; `contactTag`: a list, any of which matches; `contactField`: `name = value`
 * @returns a test, which receives the time of the message in milliseconds
 * @throws LinktorError `validation`
 */
export function contactTest(
  rule: (typeof contactKinds)[number],
  value: string,
): (contact: KnownContact, now: number) => boolean {
  switch (rule) {
    case 'firstMessage':
      return ({ before }) => before === undefined;
    case 'backAfter': {
      const days = readFigure(value);
      if (!(days > 0)) throw invalid(`"${value}" is not a number of days.`, 'Write a number, such as 30.');
      return ({ before }, now) => before !== undefined && now - before >= days * DAY_MS;
    }
    case 'contactTag': {
      const wanted = readList(value, 'value').map(fold);
      if (wanted.length === 0) throw invalid('it names no tag.', 'Write one or more tags, separated by commas.');
      return ({ tags }) => tags?.some((tag) => wanted.includes(fold(tag))) === true;
    }
    case 'contactField': {
      const test = namedValueTest(value);
      return ({ fields }) => test(fields);
    }
  }
}

/**
 * @param value a list, any of which matches; for `assigned`, ids of users, or empty for any user
 * @throws LinktorError `validation`
 */
export function conversationTest(
  rule: (typeof conversationKinds)[number],
  value: string,
): (conversation: KnownConversation) => boolean {
  const wanted = readList(value, 'value');
  if (rule === 'assigned') {
    return ({ assignedTo = '' }) => (wanted.length === 0 ? assignedTo !== '' : wanted.includes(assignedTo));
  }
  if (wanted.length === 0) throw invalid('it has no value.', 'Say what it looks for, or take the rule away.');
  const folded = wanted.map(fold);
  return (conversation) => folded.includes(fold(conversation[rule] ?? ''));
}
