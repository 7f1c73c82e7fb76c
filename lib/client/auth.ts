import type { Badge } from '../contract';
import { invalid } from '../errors';

/** How a config node signs in. The API key wins when several are given (contract 0.5). */
export interface SignIn {
  apiKey?: string;
  accessToken?: string;
}

/** @throws LinktorError `validation` when there is nothing to sign in with */
export function badgeOf({ apiKey, accessToken }: SignIn): Badge {
  if (apiKey) return { apiKey };
  if (accessToken) return { token: accessToken };
  throw invalid('No credentials are set.', 'Enter an API key or an access token in the Linktor config node.');
}
