import type { LinktorClient } from '../../../lib/client/index';
import { toLinktorError } from '../../../lib/errors';
import type { Attachment } from '../../../lib/messages/incoming';
import { Lanes } from '../action/lanes';
import type { TriggerContext } from '../define';
import type { Msg } from '../red';
import { Bursts } from './burst';

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

/**
 * What is done with a message between its filter and the flow: files are fetched, bursts become one message. Messages of
 * one conversation keep their order, and what is still here when the node closes leaves as it is.
 */
export function createReceiver(
  { client, background, onClose }: Pick<TriggerContext<unknown>, 'client' | 'background' | 'onClose'>,
  { mergeSeconds, mergeWait, mergeMax, attachments, maxAttachmentMb }: ReceiverSettings,
  emit: (msg: Msg) => void,
): Receiver {
  const bursts =
    mergeSeconds > 0
      ? new Bursts({ quietMs: mergeSeconds * 1000, longestMs: mergeWait * 1000, maxMessages: mergeMax, emit })
      : undefined;
  const leave = bursts ? (msg: Msg) => bursts.add(msg) : emit;
  const lanes = attachments === 'download' ? new Lanes(leave) : undefined;
  onClose(() => {
    lanes?.flush();
    bursts?.flush();
  });
  return {
    take(msg) {
      if (!lanes) return leave(msg);
      const files = msg.attachments as Attachment[];
      const fetched =
        files.length > 0
          ? downloadAll(client, files, maxAttachmentMb * 1024 * 1024, String(msg.conversationId))
          : undefined;
      background(lanes.enter(String(msg.conversationId), msg, fetched));
    },
    typing: (conversationId, person) => bursts?.typing(conversationId, person),
  };
}

const notDownloaded = { code: 'unexpected', message: 'The node closed before the file had been fetched.' };

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
