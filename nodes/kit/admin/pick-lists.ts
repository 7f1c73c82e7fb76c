import type { LinktorClient } from '../../../lib/client/index';
import { placeholdersOf } from '../../../lib/messages/placeholders';
import {
  type Contact,
  type Conversation,
  isObject,
  type MessageTemplate,
  type Page,
  type VisualTemplate,
} from '../../../lib/model';
import type { Listable } from '../fields';
import type { Item, Part } from './types';

/** A request for a part of a list: the text typed in the dialog, and the end of the previous part. */
export interface PartQuery {
  search?: string;
  page?: number;
  cursor?: string;
}

type Slice = PartQuery & { limit: number };

interface Listing {
  list(client: LinktorClient, slice: Slice): Promise<Page<Item>>;
  /** contracts whose servers cannot search this list; the search is then done here */
  unsearched: readonly string[];
}

const PART_SIZE = 25;
/** size of a part that is searched here; larger, as most items are not shown */
const SEARCH_PART_SIZE = 100;

/** The sources of pick lists. */
const listings: Record<Listable, Listing> = {
  agents: named((client, slice) => client.ai.agents.list(slice)),
  bots: named((client, slice) => client.bots.list(slice)),
  channels: {
    list: async (client, slice) =>
      of(await client.channels.list(slice), ({ id, name, type, status }) => item(id, name ?? type, type, status)),
    unsearched: ['server'],
  },
  contacts: {
    list: async (client, slice) => of(await client.contacts.list(slice), contactItem),
    unsearched: [],
  },
  conversations: {
    list: async (client, slice) => withContacts(client, await client.conversations.list(slice)),
    unsearched: ['server'],
  },
  flows: named((client, slice) => client.flows.list(slice)),
  knowledgeBases: named((client, slice) => client.knowledgeBases.list(slice)),
  messageTemplates: {
    list: async (client, slice) =>
      of(await client.messageTemplates.list({ ...slice, status: 'APPROVED' }), messageTemplateItem),
    unsearched: [],
  },
  models: listed(async (client) =>
    (await client.ai.providers()).flatMap(({ name, models }) =>
      models.map((model) => item(`${name}/${model}`, model, name)),
    ),
  ),
  providers: listed(async (client) =>
    (await client.ai.providers()).map(({ name, models }) => item(name, name, models.join(', '))),
  ),
  tags: listed(tagsInUse),
  templates: listed(async (client) => (await client.vre.templates()).map(pictureTemplateItem)),
  users: {
    list: async (client, slice) =>
      of(await client.users.list(slice), ({ id, name, email, role }) => item(id, name || email, email, role)),
    unsearched: [],
  },
};

/** A list that comes as a whole, and is searched here. */
function listed(items: (client: LinktorClient) => Promise<Item[]>): Listing {
  return {
    list: async (client) => ({ items: await items(client), hasNext: false }),
    unsearched: ['api', 'server'],
  };
}

/** contacts and conversations whose tags are offered */
const TAG_SOURCES = 100;

/** No server lists its tags, so these are those of the newest contacts and conversations, the most frequent first. */
async function tagsInUse(client: LinktorClient): Promise<Item[]> {
  const slice = { limit: TAG_SOURCES };
  const pages = await Promise.all([client.contacts.list(slice), client.conversations.list(slice)]);
  const counts = new Map<string, number>();
  for (const tag of pages.flatMap(({ items }: Page<{ tags?: string[] }>) => items.flatMap(({ tags = [] }) => tags)))
    counts.set(tag, (counts.get(tag) ?? 0) + 1);
  const sorted = [...counts].sort(([one, often], [other, seldom]) => seldom - often || one.localeCompare(other));
  return sorted.map(([tag, count]) => item(tag, tag, String(count)));
}

function messageTemplateItem({ name, language, category, components }: MessageTemplate): Item {
  return {
    ...item(name, name, language, category),
    ...(language && { facts: { language } }),
    placeholders: placeholdersOf(components)?.map(({ id, preview }) => {
      const name = shownName(id);
      return { id, name, preview: excerpt(preview, name) };
    }),
  };
}

/** @returns a placeholder of a message as the template shows it */
function shownName(id: string): string {
  const [part, name = '', kind] = id.split('.');
  if (part === 'button') return kind === 'url' ? '{{1}}' : (kind ?? '');
  return MEDIA.has(name) ? name : `{{${name}}}`;
}

const MEDIA = new Set(['image', 'video', 'document']);
const EXCERPT_LENGTH = 70;

/** @returns the part of a long text with the placeholder in it */
function excerpt(text: string, name: string): string {
  const line = text.replace(/\s+/g, ' ');
  if (line.length <= EXCERPT_LENGTH) return line;
  const begin = Math.max(0, Math.min(line.indexOf(name) - EXCERPT_LENGTH / 2, line.length - EXCERPT_LENGTH));
  const end = begin + EXCERPT_LENGTH;
  return `${begin > 0 ? '… ' : ''}${line.slice(begin, end).trim()}${end < line.length ? ' …' : ''}`;
}

/** A template of pictures may come with the schema of its data. */
function pictureTemplateItem({ id, name, schema }: VisualTemplate): Item {
  const { properties, required } = isObject(schema) ? schema : {};
  if (!isObject(properties)) return item(id, name);
  const places = Object.entries(properties).map(([key, about]) => ({
    id: key,
    name: key,
    preview: isObject(about) && typeof about.description === 'string' ? about.description : '',
    ...(!(Array.isArray(required) && required.includes(key)) && { optional: true }),
  }));
  return { ...item(id, name), placeholders: places };
}

export function isListable(what: string): what is Listable {
  return Object.hasOwn(listings, what);
}

/**
 * Return a part of a list, with readable titles.
 * @throws LinktorError from the client; `not_supported` when the server has no such list
 */
export async function listPart(client: LinktorClient, what: Listable, wanted: PartQuery): Promise<Part> {
  const { list, unsearched } = listings[what];
  const { search = '' } = wanted;
  const byUs = search !== '' && unsearched.includes((await client.contract()).name);
  const slice = byUs ? { ...wanted, search: undefined, limit: SEARCH_PART_SIZE } : { ...wanted, limit: PART_SIZE };
  const page = await list(client, slice);
  const items = byUs ? page.items.filter((one) => matchesSearch(one, search)) : page.items;
  return { items, next: nextOf(page, wanted) };
}

function named(
  list: (client: LinktorClient, slice: Slice) => Promise<Page<{ id: string; name?: string; status?: string }>>,
): Listing {
  return {
    list: async (client, slice) =>
      of(await list(client, slice), ({ id, name, status }) => item(id, name, status === 'active' ? undefined : status)),
    unsearched: ['server'],
  };
}

function of<T>({ items, ...page }: Page<T>, make: (one: T) => Item): Page<Item> {
  return { ...page, items: items.map(make) };
}

/** @param details shown beside the title, where present */
function item(id: string, title: string | undefined, ...details: (string | undefined)[]): Item {
  const detail = details.filter((one) => one && one !== title).join(' · ');
  return { value: id, label: title || id, ...(detail !== '' && { detail }) };
}

function contactItem({ id, name, phone, email }: Contact): Item {
  return item(id, name || phone || email, phone, email);
}

/** A conversation is listed under its contact; contacts given only by id are fetched. */
async function withContacts(client: LinktorClient, page: Page<Conversation>): Promise<Page<Item>> {
  const missing = new Set(
    page.items.flatMap(({ contact, contactId }) => (contact?.name || !contactId ? [] : contactId)),
  );
  const asked = [...missing].map((id) => client.contacts.get(id).catch(() => undefined));
  const contacts = new Map((await Promise.all(asked)).map((one) => [one?.id, one]));
  return of(page, ({ id, contact, contactId, channelType, subject, status }) => {
    const { name, phone, email } = contact?.name ? contact : (contacts.get(contactId) ?? contact ?? {});
    return item(id, name || phone || email || subject, channelType, subject, status);
  });
}

function matchesSearch({ value, label, detail = '' }: Item, search: string): boolean {
  return `${label} ${detail} ${value}`.toLowerCase().includes(search.toLowerCase());
}

function nextOf({ hasNext, nextCursor, page }: Page<unknown>, wanted: PartQuery): Record<string, string> | undefined {
  if (!hasNext) return undefined;
  return nextCursor ? { cursor: nextCursor } : { page: String((page ?? wanted.page ?? 1) + 1) };
}
