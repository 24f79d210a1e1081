/** The IP address at the other end of a socket. IPv4 by way of IPv6 is written as what it is. */
export function clientAddress({ remoteAddress = "" }: { readonly remoteAddress?: string | undefined }): string {
  return remoteAddress.replace(/^::ffff:(?=\d+\.)/i, "");
}
