import type { SandboxOptions } from '../../sandbox/index';
import { type Bench, bench, type Json, type Listener, type Reply } from './support';

export interface ServerBench extends Bench {
  /** Asks under `/api/v1`, as the admin unless another token is given. */
  call(method: string, path: string, body?: unknown, token?: string): Promise<Reply>;
  signIn(email?: string, password?: string): Promise<Json>;
  /** A second user, signed in: access token and id. */
  colleague(role?: string): Promise<{ token: string; id: string }>;
  /** An agent socket, the admin's unless another token is given. */
  agent(token?: string): Promise<Listener>;
}

/** A sandbox that plays the self-hosted server. */
export async function serverBench(options?: SandboxOptions): Promise<ServerBench> {
  const box = await bench({ ...options, contract: 'server' });
  const signIn = async (email = 'demo@linktor.local', password = 'sandbox'): Promise<Json> =>
    data(await box.ask('POST', '/api/v1/auth/login', { body: { email, password } }));
  const own = String((await signIn()).access_token);
  const call: ServerBench['call'] = (method, path, body, token = own) =>
    box.ask(method, `/api/v1${path}`, { body, headers: { Authorization: `Bearer ${token}` } });
  return {
    ...box,
    call,
    signIn,
    colleague: async (role = 'agent') => {
      const known = { email: 'rita@example.com', password: 'long enough', name: 'Rita', role };
      const { id } = data(await call('POST', '/users', known));
      return { id: String(id), token: String((await signIn(known.email, known.password)).access_token) };
    },
    agent: (token = own) =>
      box.socket(`?token=${token}`, { path: '/api/v1/ws', headers: { Authorization: `Bearer ${token}` } }),
  };
}

/** The record inside `{success, data}`. */
export function data({ body }: Reply): Json {
  return body.data as Json;
}

/** The code of a wrapped error. */
export function codeOf({ body }: Reply): unknown {
  return (body.error as Json | undefined)?.code;
}
