import { Form } from './form';
import { requireLocalCaller } from './local-only';
import type { Answer, Handler, Router } from './router';

/** Registers routes under `/_sandbox` that need no sign-in and answer on this machine only. */
export function controlRouter(router: Router): {
  on: (method: string, path: string, handler: Handler) => void;
  post: (path: string, act: (form: Form) => Answer) => void;
} {
  const on = (method: string, path: string, handler: Handler): void => {
    const behind: Handler = (call) => {
      requireLocalCaller(call);
      return handler(call);
    };
    router.on(method, `/_sandbox${path}`, behind, { open: true });
  };
  return { on, post: (path, act) => on('POST', path, ({ body }) => act(new Form(body))) };
}
