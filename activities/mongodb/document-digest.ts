import { createHash } from 'node:crypto';

export interface DocumentsDigest {
  readonly documents: number;
  /** `sum:` and 64 hex digits. */
  readonly digest: string;
  /** Of BSON. */
  readonly bytes: number;
}

/**
 * Counts documents and adds up the sha256 of each one's raw BSON, modulo 2^256: equal collections have equal sums in
 * whatever order they are read, and a document that is there twice counts twice.
 */
export class DocumentDigest {
  private readonly words = new Float64Array(8);
  private documents = 0;
  private bytes = 0;

  add(document: Buffer): void {
    const hash = createHash('sha256').update(document).digest();
    for (let i = 0; i < 8; i++) this.words[i] = (this.words[i] ?? 0) + hash.readUInt32LE(4 * i);
    this.bytes += document.length;
    // A word stays exact up to 2^53: 2^21 additions of 32 bits.
    if (++this.documents % 0x10_0000 === 0) this.carry();
  }

  result(): DocumentsDigest {
    this.carry();
    const hex = [...this.words].reverse().map((word) => word.toString(16).padStart(8, '0'));
    return { documents: this.documents, digest: `sum:${hex.join('')}`, bytes: this.bytes };
  }

  private carry(): void {
    let over = 0;
    for (let i = 0; i < 8; i++) {
      const word = (this.words[i] ?? 0) + over;
      over = Math.floor(word / 0x1_0000_0000);
      this.words[i] = word % 0x1_0000_0000;
    }
  }
}
