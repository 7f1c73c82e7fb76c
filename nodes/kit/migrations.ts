/**
 * Stored nodes of earlier versions of this package. Each node stores `version`; without one it is of version 1, which
 * is 0.1.0. The table runs when a node starts and when its dialog opens, in Node.js and in the browser, and changes
 * copies only: the flow keeps what it holds until somebody edits the node.
 */
type Stored = Record<string, unknown>;

/** What the editor of this package writes into a node. */
export const STORED_VERSION = 2;

interface Migration {
  /** the version that it leads to */
  to: number;
  /** @returns a changed copy */
  change(stored: Readonly<Stored>): Stored;
}

/**
 * Flows written by hand may use a shorter name for a field. Node-RED's editor keeps something else under it, which is
 * what `isOurs` tells apart.
 */
function renamed(from: string, to: string, isOurs: (value: unknown) => boolean): Migration {
  return {
    to: 2,
    change(stored) {
      if (stored[to] !== undefined || !isOurs(stored[from])) return { ...stored };
      const { [from]: value, [`${from}Type`]: source, ...rest } = stored;
      return { ...rest, [to]: value, ...(source !== undefined && { [`${to}Type`]: source }) };
    },
  };
}

const isText = (value: unknown) => typeof value === 'string';
const statusToState = renamed('status', 'state', isText);

/** In the order of their versions. */
const migrations: Readonly<Record<string, readonly Migration[]>> = {
  'linktor-bot': [statusToState],
  'linktor-channel': [statusToState],
  'linktor-conversation': [statusToState],
  'linktor-event-in': [renamed('changed', 'onlyChanged', Array.isArray)],
  'linktor-flow': [statusToState],
  'linktor-knowledge': [statusToState],
};

/**
 * @param stored a node as it is in the flow; never changed
 * @returns the node as this version stores it; what is absent stays absent and keeps its meaning
 */
export function migrated(type: string, stored: Readonly<Stored>): Stored {
  const from = versionOf(stored);
  const steps = (Object.hasOwn(migrations, type) ? migrations[type] : undefined) ?? [];
  return steps.reduce<Stored>((node, { to, change }) => (to > from ? change(node) : node), { ...stored });
}

/** @returns the version that a node was stored by. That of a later package is kept: its node is read as well as can be */
export function versionOf({ version }: Readonly<Stored>): number {
  return typeof version === 'number' && Number.isInteger(version) && version > 0 ? version : 1;
}
