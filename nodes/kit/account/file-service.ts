import { invalid } from '../../../lib/errors';
import { type FilePlace, type OpenFile, SharedFiles } from '../../../lib/files/index';
import type { Event } from '../../../lib/model';
import type { PageAnswer, Pages } from '../http/pages';
import type { HttpRequest } from '../red';

/** Where the files are, below httpNodeRoot. */
const FOLDER = '/linktor/files/';
/** Events after which the channel needs the file no more. */
const FINAL = new Set(['message.delivered', 'message.read', 'message.failed']);

/** Serves the files of messages to the channels, for all accounts of one Node-RED. */
export class FileService {
  readonly #files = new SharedFiles();
  readonly #pages: Pages;
  #isServing = false;

  constructor(pages: Pages) {
    this.#pages = pages;
  }

  /**
   * @param base the public address of Node-RED's HTTP nodes
   * @param owner id of the account
   * @throws LinktorError `validation`, `not_supported` when no channel could fetch the file, `storage` when full
   */
  share(file: OpenFile, base: string, owner: string): FilePlace {
    requireAddress(base);
    this.#serve();
    const id = this.#files.add(file, owner);
    return {
      url: `${base.replace(/\/+$/, '')}${FOLDER}${id}/${encodeURIComponent(file.filename)}`,
      sent: (messageId) => this.#files.sent(id, messageId),
      settled: (messageId) => this.#files.settled(messageId),
      drop: () => this.#files.remove(id),
    };
  }

  /** An event of an account: after its last status a message needs its files no more. */
  learn({ name, messageId }: Event): void {
    if (messageId !== undefined && FINAL.has(name)) this.#files.settled(messageId);
  }

  /** Remove the files of an account. */
  removeAll(owner: string): void {
    this.#files.removeAll(owner);
  }

  #serve(): void {
    if (this.#isServing) return;
    if (this.#pages.isGuarded) {
      throw invalid(
        'No channel can fetch a file from here: Node-RED asks for a password (httpNodeAuth).',
        'Give the URL of the file, or empty the field "shareFiles" of the Linktor account.',
      );
    }
    this.#pages.serve({
      path: FOLDER,
      isFolder: true,
      owner: 'sharing files',
      answer: (request) => this.#answer(request),
    });
    this.#isServing = true;
  }

  #answer({ url = '' }: HttpRequest): PageAnswer {
    const id = /\/linktor\/files\/([0-9a-f]{32})\//i.exec(url)?.[1]?.toLowerCase() ?? '';
    const file = this.#files.get(id);
    if (!file) return { status: 404 };
    return {
      status: 200,
      headers: {
        'Content-Type': file.mimeType,
        'Content-Disposition': disposition(file.filename),
        'Cache-Control': 'no-store',
        // Somebody who opens the address in a browser must not run what is in the file.
        'Content-Security-Policy': "default-src 'none'; sandbox",
      },
      body: file.data,
      whenSent: () => this.#files.fetched(id),
    };
  }
}

/** What comes from a variable has been seen by no dialog. @throws LinktorError `validation` */
function requireAddress(base: string): void {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.search + url.hash + url.username === '') return;
  throw invalid(
    'The field "shareFiles" of the Linktor account is no web address below which files can lie.',
    'Give the address under which the HTTP nodes of this Node-RED are seen, such as https://flows.example.com.',
  );
}

/** RFC 6266: a plain name for old readers, and the whole one. */
function disposition(filename: string): string {
  const plain = filename.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const whole = encodeURIComponent(filename).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${whole}`;
}
