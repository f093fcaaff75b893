/** A PE32+ file of one section, with as much as the assembly of an image looks at. */
export function makeStub({ sizeOfHeaders = 1024 } = {}): Buffer {
  const signature = 0x40;
  const optional = signature + 24;
  const optionalBytes = 240;
  const file = Buffer.alloc(sizeOfHeaders + 512);
  file.write('MZ', 0, 'latin1');
  file.writeUInt32LE(signature, 0x3c);
  file.write('PE\0\0', signature, 'latin1');
  file.writeUInt16LE(0x8664, signature + 4);
  file.writeUInt16LE(1, signature + 6);
  file.writeUInt16LE(optionalBytes, signature + 20);
  file.writeUInt16LE(0x20b, optional);
  file.writeUInt32LE(4096, optional + 32);
  file.writeUInt32LE(512, optional + 36);
  file.writeUInt32LE(8192, optional + 56);
  file.writeUInt32LE(sizeOfHeaders, optional + 60);
  const section = optional + optionalBytes;
  file.write('.text', section, 'latin1');
  file.writeUInt32LE(512, section + 8);
  file.writeUInt32LE(4096, section + 12);
  file.writeUInt32LE(512, section + 16);
  file.writeUInt32LE(sizeOfHeaders, section + 20);
  return file;
}
