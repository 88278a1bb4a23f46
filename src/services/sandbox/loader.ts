/** The Python sources as one text on standard input, for interpreters that cannot see our folder: in containers, as other users. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonFolder } from './python-sources.ts';

/** A program for `python3 -c`: reads ten digits of length and the sources, makes them importable, and starts `once`. */
export const LOADER = `
import importlib.abc,importlib.util,json,os,sys
def read(size):
    data=b''
    while len(data)<size:
        piece=os.read(0,size-len(data))
        if not piece: os._exit(0)
        data+=piece
    return data
sources=json.loads(read(int(read(10))))
class Finder(importlib.abc.MetaPathFinder,importlib.abc.Loader):
    def find_spec(self,name,path=None,target=None):
        return importlib.util.spec_from_loader(name,self) if name in sources else None
    def exec_module(self,module):
        exec(compile(sources[module.__name__],module.__name__+'.py','exec'),module.__dict__)
finder=Finder()
sys.meta_path.insert(0,finder)
import once
sys.meta_path.remove(finder)
once.main()
`;

/** What the loader reads first. */
export function sourcesMessage(): Buffer {
  const folder = pythonFolder();
  const files = readdirSync(folder).filter((name) => name.endsWith('.py'));
  const sources = Object.fromEntries(
    files.map((name) => [name.slice(0, -3), readFileSync(join(folder, name), 'utf8')]),
  );
  const body = Buffer.from(JSON.stringify(sources));
  return Buffer.concat([Buffer.from(String(body.length).padStart(10, '0')), body]);
}
