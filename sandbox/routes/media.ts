import type { World } from '../sim/world';
import { Form } from '../wire/form';
import { invalid, Problem } from '../wire/problem';
import { created, type Router } from '../wire/router';

const TYPES = ['image', 'video', 'audio', 'document', 'sticker'] as const;
const LIFETIME_MS = 7 * 24 * 60 * 60_000;
/** An API of this kind does not take everything: what it says a file is has to be one of these. */
const KNOWN_TYPE = /^(?:image|video|audio|text|application)\/[\w.+-]+$/;

/** Files of messages, uploaded before they are sent. */
export function mediaRoutes(router: Router, { state }: World): void {
  router.on('POST', '/media/upload', ({ body, files, headers }) => {
    const file = files.find(({ name }) => name === 'file');
    if (!file) throw invalid('file', 'is required');
    if (file.data.length === 0) throw invalid('file', 'is empty');
    const type = new Form(body).needChoice('type', TYPES);
    if (!KNOWN_TYPE.test(file.mimeType)) throw new Problem(415, `A file of the type ${file.mimeType} is not taken`);
    const { id } = state.files.add({ id: state.files.newId(), mimeType: file.mimeType, data: file.data });
    return created({
      data: {
        id,
        type,
        url: `http://${headers.host}/files/${id}`,
        mimeType: file.mimeType,
        size: file.data.length,
        expiresAt: new Date(Date.now() + LIFETIME_MS).toISOString(),
      },
    });
  });
}
