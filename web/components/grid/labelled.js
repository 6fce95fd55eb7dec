// A grid whose pictures are labelled where they are, beside what a version or a model says of them. Pictures that are
// `blind` in its value stand there without that. Opening one shows it large.
import {begin as grids} from '/web/components/grid/grid.js';
import {openPicture} from '/web/components/viewer/open.js';

export function begin(element, {props, watch, trigger}) {
  const tell = (name, detail) => {
    if (name === 'open') openPicture({id: detail.id, ids: [...element.grid.tiles.keys()], inView: !blind(detail.id)});
    trigger(name, detail);
  };
  const blind = (id) => Boolean(props.value?.pictures?.find((one) => one.id === id)?.blind);
  grids(element, {props, watch, trigger: tell});
  import('/web/components/elsewhere.js').then(({labels}) => labels(element, {inView: (id) => !blind(id)}));
}
