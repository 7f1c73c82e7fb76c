import type { LinktorClient } from '../../../lib/client/index';
import { toLinktorError } from '../../../lib/errors';
import type { Attachment } from '../../../lib/messages/incoming';
import { Lanes } from '../action/lanes';
import type { TriggerContext } from '../define';
import type { Msg } from '../red';
import { Bursts, mergeMessages } from './burst';

export interface ReceiverSettings {
  /** seconds of silence that end a burst; 0: no merging */
  mergeSeconds: number;
  /** maximum seconds of a burst */
  mergeWait: number;
  /** maximum messages in a burst */
  mergeMax: number;
  /** link, download */
  attachments: string;
  maxAttachmentMb: number;
}

export interface Receiver {
  take(msg: Msg): void;
  /** a typing event of the conversation */
  typing(conversationId: string, person: string | undefined): void;
}

type Context = Pick<TriggerContext<unknown>, 'client' | 'background' | 'onClose' | 'fenced' | 'takeOver' | 'handOver'>;

/**
 * Process messages between their filter and the flow: download files and merge bursts. Messages of one conversation
 * keep their order. On a deploy, pending messages go to the successor of the node: after a full deploy it downloads
 * and waits again, with its own settings; otherwise it emits them as they are. On removal the node emits pending
 * messages as they are.
 */
export function createReceiver(context: Context, settings: ReceiverSettings, emit: (msg: Msg) => void): Receiver {
  const waits = settings.mergeSeconds > 0 || settings.attachments === 'download';
  const receiver = waits ? waitingReceiver(context, settings, emit) : { take: emit, typing: () => {} };
  const left = context.takeOver<Held>();
  // Messages in a burst arrived before messages that still wait for their files.
  if (left?.isDue) for (const msg of [...left.value.bursts.map(mergeMessages), ...left.value.downloading]) emit(msg);
  else if (left) {
    for (const msg of [...left.value.bursts.flat(), ...left.value.downloading]) receiver.take(withoutProblems(msg));
  }
  return receiver;
}

function waitingReceiver(context: Context, settings: ReceiverSettings, emit: (msg: Msg) => void): Receiver {
  const { background, fenced, onClose, handOver } = context;
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
  return { take, typing: (conversationId, person) => bursts?.typing(conversationId, person) };
}

/** Pending messages of a receiver. */
interface Held {
  bursts: Msg[][];
  downloading: Msg[];
}

const notDownloaded = { code: 'unexpected', message: 'The node closed before the file had been fetched.' };

/** Return a copy that is independent of the predecessor's downloads, which end with an error. */
function withoutProblems(msg: Msg): Msg {
  const attachments = (msg.attachments as Attachment[]).map(({ error: _, ...attachment }) => attachment);
  return { ...msg, attachments };
}

/** Never rejects: a failed download is noted at its file, and the message is emitted without it. */
async function downloadAll(
  client: LinktorClient,
  attachments: readonly Attachment[],
  limit: number,
  owner: string,
): Promise<void> {
  await Promise.all(
    attachments.map(async (attachment) => {
      // Valid for a message that is emitted before the download ends.
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
