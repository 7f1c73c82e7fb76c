import { unsupportedCall } from '../calls';

/** The five usual operations of something that this server has not at all. @param hint what to do instead */
export function unsupportedCrud(what: string, hint: string) {
  return {
    list: unsupportedCall(`list ${what}`, hint),
    get: unsupportedCall(`read ${what}`, hint),
    create: unsupportedCall(`create ${what}`, hint),
    update: unsupportedCall(`change ${what}`, hint),
    remove: unsupportedCall(`delete ${what}`, hint),
  };
}
