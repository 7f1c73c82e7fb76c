import { lacking } from '../calls';

/** The five usual operations of something that this server has not at all. @param hint what to do instead */
export function lackingAll(what: string, hint: string) {
  return {
    list: lacking(`list ${what}`, hint),
    get: lacking(`read ${what}`, hint),
    create: lacking(`create ${what}`, hint),
    update: lacking(`change ${what}`, hint),
    remove: lacking(`delete ${what}`, hint),
  };
}
