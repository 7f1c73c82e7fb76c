import type { LinktorClient } from '../../../lib/client/index';
import { toLinktorError } from '../../../lib/errors';
import type { Attachment } from '../../../lib/messages/incoming';
import { Lanes } from '../action/lanes';
import type { TriggerContext } from '../define';
import type { Msg } from '../red';
import { Bursts, mergeMessages } from './burst';
import type { Remembering } from './remembering';

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
 * Process messages between their filter and the flow: download files, merge bursts, and add variables. Messages of one
 * conversation keep their order. On a deploy, pending messages go to the successor of the node: after a full deploy it
 * downloads and waits again, with its own settings; otherwise it emits them as they are. On removal the node emits
 * pending messages as they are.
 */
export function createReceiver(context: Context, settings: ReceiverSettings, last: Remembering): Receiver {
  const { fenced, handOver, onClose } = context;
  const { mergeSeconds, mergeWait, mergeMax } = settings;
  const bursts =
    mergeSeconds > 0
      ? new Bursts({
          quietMs: mergeSeconds * 1000,
          longestMs: mergeWait * 1000,
          maxMessages: mergeMax,
          emit: last.add,
          fenced,
        })
      : undefined;
  const leave = bursts ? (msg: Msg) => bursts.add(msg) : last.add;
  const files = settings.attachments === 'download' ? downloading(context, settings, leave) : undefined;
  const take = files?.take ?? leave;
  const left = context.takeOver<Held>();
  if (left) {
    const { remembering, bursts: begun, downloading } = left.value;
    for (const msg of remembering) last.add(msg);
    // Messages in a burst arrived before messages that still wait for their files.
    if (left.isDue) for (const msg of [...begun.map(mergeMessages), ...downloading]) last.add(msg);
    else for (const msg of [...begun.flat(), ...downloading]) take(withoutProblems(msg));
  }
  if (bursts || files || last.waits) {
    handOver((): Held | undefined => {
      const held = { remembering: last.drain(), bursts: bursts?.drain() ?? [], downloading: files?.drain() ?? [] };
      return Object.values(held).some(({ length }) => length > 0) ? held : undefined;
    });
    onClose(() => {
      files?.flush();
      bursts?.flush();
      last.flush();
    });
  }
  return { take, typing: (conversationId, person) => bursts?.typing(conversationId, person) };
}

function downloading(
  { client, background }: Context,
  { maxAttachmentMb }: ReceiverSettings,
  leave: (msg: Msg) => void,
) {
  const lanes = new Lanes(leave);
  return {
    take(msg: Msg): void {
      const files = (msg.attachments as Attachment[]).filter(({ data }) => data === undefined);
      const conversationId = String(msg.conversationId);
      const downloaded =
        files.length > 0 ? downloadAll(client, files, maxAttachmentMb * 1024 * 1024, conversationId) : undefined;
      background(lanes.enter(conversationId, msg, downloaded));
    },
    drain: () => lanes.drain(),
    flush: () => lanes.flush(),
  };
}

/** Pending messages of a receiver. */
interface Held {
  remembering: Msg[];
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
