import type { LinktorClient } from '../../../lib/client/index';
import { toLinktorError } from '../../../lib/errors';
import type { Attachment } from '../../../lib/messages/incoming';
import { Lanes } from '../action/lanes';
import type { TriggerContext } from '../define';
import type { Msg } from '../red';
import { Bursts, mergeMessages } from './burst';

export interface ReceiverSettings {
  /** seconds of silence that end a burst; 0: every message by itself */
  mergeSeconds: number;
  /** seconds that a burst may last */
  mergeWait: number;
  /** messages in a burst */
  mergeMax: number;
  /** link, download */
  attachments: string;
  maxAttachmentMb: number;
}

export interface Receiver {
  take(msg: Msg): void;
  /** somebody is typing */
  typing(conversationId: string, person: string | undefined): void;
}

type Context = Pick<TriggerContext<unknown>, 'client' | 'background' | 'onClose' | 'fenced' | 'takeOver' | 'handOver'>;

/**
 * What happens to a message between its filter and the flow: files are downloaded, bursts become one message. Messages
 * of one conversation keep their order. What is still here when a deploy replaces the node goes to its successor: with
 * its whole flow replaced it downloads and waits anew, by its own settings; else it sends what is there. When the node is
 * removed it leaves as it is.
 */
export function createReceiver(context: Context, settings: ReceiverSettings, emit: (msg: Msg) => void): Receiver {
  const { background, fenced, onClose, takeOver, handOver } = context;
  const { mergeSeconds, mergeWait, mergeMax, attachments, maxAttachmentMb } = settings;
  const bursts =
    mergeSeconds > 0
      ? new Bursts({
          quietMs: mergeSeconds * 1000,
          longestMs: mergeWait * 1000,
          maxMessages: mergeMax,
          emit,
          fenced,
        })
      : undefined;
  const leave = bursts ? (msg: Msg) => bursts.add(msg) : emit;
  const lanes = attachments === 'download' ? new Lanes(leave) : undefined;
  const take = (msg: Msg) => {
    if (!lanes) return leave(msg);
    const files = (msg.attachments as Attachment[]).filter(({ data }) => data === undefined);
    const downloaded =
      files.length > 0
        ? downloadAll(context.client, files, maxAttachmentMb * 1024 * 1024, String(msg.conversationId))
        : undefined;
    background(lanes.enter(String(msg.conversationId), msg, downloaded));
  };
  handOver((): Held | undefined => {
    const held = { bursts: bursts?.drain() ?? [], downloading: lanes?.drain() ?? [] };
    return held.bursts.length + held.downloading.length > 0 ? held : undefined;
  });
  onClose(() => {
    lanes?.flush();
    bursts?.flush();
  });
  const left = takeOver<Held>();
  // What waits for a burst came before what still waits for its files.
  if (left?.isDue) for (const msg of [...left.value.bursts.map(mergeMessages), ...left.value.downloading]) emit(msg);
  else if (left) for (const msg of [...left.value.bursts.flat(), ...left.value.downloading]) take(withoutProblems(msg));
  return { take, typing: (conversationId, person) => bursts?.typing(conversationId, person) };
}

/** What a receiver holds. */
interface Held {
  bursts: Msg[][];
  downloading: Msg[];
}

const notDownloaded = { code: 'unexpected', message: 'The node closed before the file had been fetched.' };

/** A copy that the downloads of the predecessor, which end with an error, have no part in. */
function withoutProblems(msg: Msg): Msg {
  const attachments = (msg.attachments as Attachment[]).map(({ error: _, ...attachment }) => attachment);
  return { ...msg, attachments };
}

/** Never rejects: a file that cannot be had says why, and its message goes on without it. */
async function downloadAll(
  client: LinktorClient,
  attachments: readonly Attachment[],
  limit: number,
  owner: string,
): Promise<void> {
  await Promise.all(
    attachments.map(async (attachment) => {
      // A message that has to leave early tells the truth as well.
      attachment.error = notDownloaded;
      try {
        const { data, mimeType, filename } = await client.download(attachment.url, limit, { owner });
        delete attachment.error;
        Object.assign(attachment, { data, size: data.length });
        attachment.mimeType ??= mimeType;
        attachment.filename ??= filename;
      } catch (thrown) {
        const { code, message } = toLinktorError(thrown);
        attachment.error = { code, message };
      }
    }),
  );
}
