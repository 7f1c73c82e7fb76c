/**
 * Migrations of nodes stored by earlier versions of this package. Each node stores `version`; without one it has
 * version 1, which is package 0.1.0. Migrations run when a node starts and when its dialog opens, in Node.js and in
 * the browser. They change copies only: the flow stays as it is until a user edits the node.
 */
type Stored = Record<string, unknown>;

/** Version that the editor of this package writes into a node. */
export const STORED_VERSION = 2;

interface Migration {
  /** version after the migration */
  to: number;
  /** @returns a changed copy */
  change(stored: Readonly<Stored>): Stored;
}

/**
 * Hand-written flows may use a shorter name for a field. `isOurs` distinguishes its value from the one that Node-RED's
 * editor stores under the same name.
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

/** Agents answered whole, whatever the hidden choice of pieces was. */
const wholeAgents: Migration = {
  to: 2,
  change: (stored) => (stored.operation === 'agent' ? { ...stored, stream: 'off' } : { ...stored }),
};

/** In ascending order of versions. */
const migrations: Readonly<Record<string, readonly Migration[]>> = {
  'linktor-ai': [wholeAgents],
  'linktor-bot': [statusToState],
  'linktor-channel': [statusToState],
  'linktor-conversation': [statusToState],
  'linktor-event-in': [renamed('changed', 'onlyChanged', Array.isArray)],
  'linktor-flow': [statusToState],
  'linktor-knowledge': [statusToState],
};

/**
 * @param stored a node as it is in the flow; never changed
 * @returns the node in the current format, `stored` itself when it is; absent properties stay absent and keep their meaning
 */
export function migrated(type: string, stored: Readonly<Stored>): Readonly<Stored> {
  const steps = Object.hasOwn(migrations, type) ? migrations[type] : undefined;
  if (!steps) return stored;
  const from = versionOf(stored);
  return steps.reduce<Readonly<Stored>>((node, { to, change }) => (to > from ? change(node) : node), stored);
}

/** @returns the version of a stored node; a newer one is kept, and its node is read as far as possible */
export function versionOf({ version }: Readonly<Stored>): number {
  return typeof version === 'number' && Number.isInteger(version) && version > 0 ? version : 1;
}
