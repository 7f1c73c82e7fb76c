import type { LinktorClient } from '../client';
import { invalid, LinktorError } from '../errors';
import type { FileSource, Media, UploadedFile } from '../model';
import { type FilesBelow, filesBelow, type WalkOptions } from './below';
import { readFileIn } from './folders';
import type { KeptFiles } from './kept-files';
import { type FileFacts, factsOf } from './type';

/** A file that has been read, and is known to be what it says. */
export interface OpenFile extends FileFacts {
  data: Buffer;
}

/** The address of a file while its message is being sent. */
export interface FilePlace {
  url: string;
  /** the message has left */
  sent(messageId: string): void;
  /** the message has arrived, or never will */
  settled(messageId: string): void;
  /** the message will not leave */
  drop(): void;
}

export interface FileSettings {
  client(): LinktorClient;
  /** folders from which files may be read, as absolute paths */
  folders: readonly string[];
  /** serves a file to everybody who knows its address; undefined when the account does not share files */
  share: ((file: OpenFile) => FilePlace) | undefined;
  /** files of messages that wait; undefined where none can be kept */
  kept?: KeptFiles;
}

/** A server without an upload route is asked again after this time, milliseconds. */
const ASK_AGAIN_MS = 10 * 60_000;

/** Reads the files of messages, and gives them an address: at the server, or at this Node-RED. */
export class FileDesk {
  readonly #settings: FileSettings;
  #lacksUploadUntil = 0;

  constructor(settings: FileSettings) {
    this.#settings = settings;
  }

  /** @throws LinktorError `validation` for a file that cannot or may not be read */
  async open(source: FileSource, media: Partial<Media>): Promise<OpenFile> {
    const read = await this.#read(source);
    const name = media.filename ?? read.filename;
    return { ...(await factsOf(read.data, { mimeType: media.mimeType, filename: name })), data: read.data };
  }

  /** @returns the files below a folder @throws LinktorError `validation` for a folder that may not be read */
  below(folder: string, options: WalkOptions): Promise<FilesBelow> {
    return filesBelow(this.#settings.folders, folder, options);
  }

  /** @returns the bytes of a file @throws LinktorError `validation` for one that cannot or may not be read */
  async read(path: string): Promise<Buffer> {
    return (await readFileIn(this.#settings.folders, path)).data;
  }

  /** @throws LinktorError `validation` when neither the server nor this Node-RED takes the file */
  async place(file: OpenFile, kind: string, signal: AbortSignal): Promise<FilePlace> {
    const uploaded = await this.upload(file, kind, signal);
    if (uploaded) return { url: uploaded.url, sent() {}, settled() {}, drop() {} };
    const { share } = this.#settings;
    if (share) return share(file);
    throw invalid(
      'This server takes media by URL only: it has no upload route.',
      'Give the URL of the file, or fill in the field "shareFiles" of the Linktor account: this Node-RED then serves it.',
    );
  }

  async #read(source: FileSource): Promise<{ data: Buffer; filename?: string }> {
    if ('path' in source) return readFileIn(this.#settings.folders, source.path);
    if ('data' in source) return source;
    const { kept } = this.#settings;
    if (!kept) throw invalid('The file of this message is not here.', 'Send it again.');
    return { data: await kept.read(source.kept) };
  }

  /** @returns undefined where the server takes no files */
  async upload({ data, ...facts }: OpenFile, kind: string, signal: AbortSignal): Promise<UploadedFile | undefined> {
    if (Date.now() < this.#lacksUploadUntil) return undefined;
    const { filename, mimeType } = facts;
    try {
      const client = this.#settings.client().with({ signal });
      return await client.media.upload({ file: data, filename, mimeType, type: kind });
    } catch (error) {
      if (!isLacking(error)) throw error;
      this.#lacksUploadUntil = Date.now() + ASK_AGAIN_MS;
      return undefined;
    }
  }
}

function isLacking(error: unknown): boolean {
  if (!(error instanceof LinktorError)) return false;
  const { status } = error.cause;
  return error.code === 'not_supported' || status === 404 || status === 405;
}
