// The chosen pictures: opened and labelled as everywhere.
import {begin as draws} from '../../components/grid/grid.js';
import {openPicture} from '../../components/viewer/open.js';

export function begin(element, {props, watch, trigger}) {
  draws(element, {props, watch, trigger: (name, data) => {
    if (name === 'open') openPicture({id: data.id, ids: [...element.grid.tiles.keys()]});
    else trigger(name, data);
  }});
  import('../../components/elsewhere.js').then(({labels}) => labels(element, {inView: false}));
}
