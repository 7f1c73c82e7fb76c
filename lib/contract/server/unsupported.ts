import { unsupportedCall } from '../calls';

/** The five usual operations of a resource that this server lacks. @param hint the alternative for the user */
export function unsupportedCrud(what: string, hint: string) {
  return {
    list: unsupportedCall(`list ${what}`, hint),
    get: unsupportedCall(`read ${what}`, hint),
    create: unsupportedCall(`create ${what}`, hint),
    update: unsupportedCall(`change ${what}`, hint),
    remove: unsupportedCall(`delete ${what}`, hint),
  };
}
