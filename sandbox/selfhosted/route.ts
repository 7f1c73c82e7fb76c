import type { World } from '../sim/world';
import type { Handler } from '../wire/router';
import type { AgentHub } from './agent-sockets';
import type { Tokens } from './tokens';

/** What the handlers of the self-hosted server work with. */
export interface House {
  world: World;
  tokens: Tokens;
  hub: AgentHub;
}

/** Registers one route under `/api/v1`; `open` ones need no token. */
export type On = (method: string, path: string, handler: Handler, options?: { open?: boolean }) => void;

/** Adds the routes of one resource. */
export type Routes = (on: On, house: House) => void;
