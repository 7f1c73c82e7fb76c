import { batch, type Outcome } from '../async/batch';
import type { KeyedMutex } from '../async/keyed-mutex';
import type { LinktorClient } from '../client';
import { LinktorError } from '../errors';
import type { Contact } from '../model';
import { type Person, personOf } from './person';
import { type MatchBy, type UpsertResult, upsert } from './upsert';

export { KeyedMutex } from '../async/keyed-mutex';
export { findOrCreate } from './find-or-create';
export { addIdentity, removeIdentity } from './identities';
export { addressKindOf, cleanAddress, comparable, findContact, type Identity, isEmail, listContacts } from './identity';
export { addressKey } from './phone';
export { MATCH_BY, type UpsertResult } from './upsert';

/** One write of a contact. */
export interface WriteRequest {
  operation: 'create' | 'update' | 'upsert';
  /** of the contact to update */
  id?: string;
  person: Person;
  /** country of phone numbers without +, ISO 3166 */
  country: string;
  /** the fields by which to find a contact */
  by: MatchBy;
}

/** Collaborators for writing contacts. */
export interface WriteDeps {
  client: LinktorClient;
  mutex: KeyedMutex;
  signal: AbortSignal;
}

interface Failed {
  index: number;
  error: { code: string; message: string; cause: unknown };
}

/** Result of writing a table of contacts. */
export interface Summary {
  total: number;
  created: number;
  updated: number;
  failed: Failed[];
}

const MAX_CONCURRENT_WRITES = 5;

/** @throws LinktorError; `validation` names the invalid field */
export async function writeContact(deps: WriteDeps, order: WriteRequest): Promise<UpsertResult> {
  // Loading the phone library takes a moment the first time: a later call must not overtake an earlier one.
  const task = await deps.mutex.run('ready', () => prepare(deps, order));
  return task();
}

/**
 * Write a table of contacts with several rows in parallel; rows of the same contact keep their order. A failed row does
 * not stop the others.
 * @param orderOf reads one row
 * @param onProgress receives the number of finished rows
 * @returns the contacts in the order of the rows, null for a failed row
 * @throws LinktorError when all rows have failed, or the node closes; `details` name the row
 */
export async function writeContacts<T>(
  deps: WriteDeps,
  rows: readonly T[],
  orderOf: (row: T) => Promise<WriteRequest>,
  onProgress: (done: number) => void,
): Promise<{ contacts: (Contact | null)[]; summary: Summary }> {
  const contacts: (Contact | null)[] = [];
  const summary: Summary = { total: rows.length, created: 0, updated: 0, failed: [] };
  await batch(
    inTurn(deps, rows, orderOf),
    MAX_CONCURRENT_WRITES,
    async (task) => task(),
    (outcome) => {
      note(summary, outcome, contacts.length);
      contacts.push(outcome instanceof LinktorError ? null : outcome.contact);
      onProgress(contacts.length);
    },
  );
  const { failed, total } = summary;
  if (deps.signal.aborted || (total > 0 && failed.length === total)) throw unwrittenError(summary, contacts.length);
  return { contacts, summary };
}

type Task = () => Promise<UpsertResult>;

/** Rows are prepared one after the other, so that rows of the same contact keep their order. */
async function* inTurn<T>(
  deps: WriteDeps,
  rows: readonly T[],
  orderOf: (row: T) => Promise<WriteRequest>,
): AsyncGenerator<Task> {
  for (const row of rows) {
    if (deps.signal.aborted) return;
    yield await orderOf(row)
      .then((order) => prepare(deps, order))
      .catch((error: unknown) => () => Promise.reject(error));
  }
}

async function prepare(
  { client, mutex: turns }: WriteDeps,
  { operation, id = '', country, by, ...given }: WriteRequest,
): Promise<Task> {
  const person = await personOf(given.person, country);
  if (operation === 'upsert') return () => upsert(client, turns, person, by);
  if (operation === 'create') return async () => ({ contact: await client.contacts.create(person), created: true });
  return () =>
    turns.run(`id ${id}`, async () => ({ contact: await client.contacts.update(id, person), created: false }));
}

function note(summary: Summary, outcome: Outcome<UpsertResult>, index: number): void {
  if (outcome instanceof LinktorError) {
    const { code, message, cause } = outcome;
    summary.failed.push({ index, error: { code, message, cause } });
  } else if (outcome.created) summary.created++;
  else summary.updated++;
}

/** @returns the one error for a table of which nothing was written, or not all before the node closed */
function unwrittenError({ failed, total, created, updated }: Summary, done: number): LinktorError {
  const causes = failed.map(({ error }) => error.cause as LinktorError['cause']);
  const [first] = failed;
  const written = created + updated;
  const reason = first ? first.error.message : `Closed after ${done}.`;
  const count = written === 0 ? `None of ${total} contacts was written` : `Only ${written} of ${total} were written`;
  return new LinktorError((first?.error.code ?? 'unexpected') as LinktorError['code'], `${count}: ${reason}`, {
    hint: causes[0]?.hint,
    ambiguous: written > 0 || causes.some(({ ambiguous }) => ambiguous),
    retryable: written === 0 && causes.every(({ retryable }) => retryable),
    details: { failed },
  });
}
