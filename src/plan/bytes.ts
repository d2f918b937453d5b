/**
 * How many bytes a text has on the wire.
 * Pure ring.
 */

/** Length in UTF-8, in bytes. A lone surrogate counts as the three bytes of its replacement. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += 1;
    if (unit < 0x800) continue;
    const isPair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    // A pair is two units and four bytes.
    if (isPair) i++;
    bytes += 1;
  }
  return bytes;
}
