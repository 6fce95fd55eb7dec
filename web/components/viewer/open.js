// Opens a picture in the viewer, of which a page has one. A page may ask before its viewer has loaded.
let viewer = null, waiting = null;

export function openPicture(detail) {
  if (viewer) viewer.open(detail);
  else waiting = detail;
}

export function opensPictures(made) {
  viewer = made;
  if (waiting) viewer.open(waiting);
  waiting = null;
}
