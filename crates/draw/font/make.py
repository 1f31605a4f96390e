"""Makes `biz-udgothic.ttf.z`, the one font in the binary, from BIZ UDGothic Regular (SIL OFL 1.1; no reserved name).

    npm pack @expo-google-fonts/biz-udgothic@0.4.0 && tar xzf expo-google-fonts-biz-udgothic-0.4.0.tgz
    pip install fonttools==4.68.0
    python3 make.py package/400Regular/BIZUDGothic_400Regular.ttf biz-udgothic.ttf.z

Every character stays. What goes is what a picture of this size does not need: instructions for hinting, substitutions,
upright forms for lines that run down. Then zlib (RFC 1950).
"""

import io
import sys
import zlib

from fontTools import subset
from fontTools.ttLib import TTFont

source, target = sys.argv[1:]
font = TTFont(source, recalcTimestamp=False)
options = subset.Options()
options.hinting = False
options.layout_features = []
options.name_IDs = [0, 1, 2, 5, 13, 14]
options.drop_tables += ["GSUB", "GPOS", "GDEF", "vhea", "vmtx"]
subsetter = subset.Subsetter(options)
subsetter.populate(unicodes=list(font.getBestCmap()))
subsetter.subset(font)
made = io.BytesIO()
font.save(made)
with open(target, "wb") as file:
    file.write(zlib.compress(made.getvalue(), 9))
