import type { Page } from '../../model';
import { read } from '../calls';
import type { Contract, Slice } from '../index';
import { messageTemplate, user } from './entities';
import { containsText, decodeServerList, isWanted, listQuery, newestList } from './lists';

const MAX_LISTED_USERS = 20;

/** Who may be in charge of a conversation; told to admins only (contract 1.1). */
export const users: Contract['users'] = {
  list: ({ search, status, ...slice }) =>
    newestList(['users'], user, 'people', MAX_LISTED_USERS, slice, {
      choose: (shown) => ({
        items: shown.filter((one) => isWanted(status, one.status) && containsText(search, one.name, one.email)),
      }),
    }),
};

/** Templates of messages (contract 1.3). */
export const messageTemplates: Contract['messageTemplates'] = {
  list({ search: name, status, channelId: channel_id, language, ...slice }) {
    const decode = decodeServerList(messageTemplate, 'message templates');
    return read(['templates'], (body) => withNext(decode(body), slice), {
      ...listQuery(slice),
      name,
      status,
      channel_id,
      language,
    });
  },
};

/** This list always says that there is no next page; its number of items is right. */
function withNext<T>({ items, total = 0, pageSize = items.length }: Page<T>, { page = 1 }: Slice): Page<T> {
  return { items, total, page, pageSize, hasNext: page * pageSize < total };
}
