# Maps, divisions
geo-map = Map
geo-figure = Figure
geo-level = Level
geo-kind = Kind of institution
geo-kinds-all = All kinds
geo-points = Show institutions
geo-level-province = Province
geo-level-city = City
geo-level-county = County
geo-level-township = Township
geo-level-village = Village
geo-as-list = As a list (L)
geo-as-map = On the map
geo-institution = Institution
geo-institutions = Institutions
geo-institutions-list = List of institutions
geo-all-institutions = { $n ->
    [one] The { $shown } institution
   *[other] All { $shown } institutions
 }
geo-all-places = { $n ->
    [one] The { $shown } place
   *[other] All { $shown } places
 }
geo-go-inside = Go inside
geo-open = Open
geo-highest = Institutions with the highest { $figure }
geo-lowest = Institutions with the lowest { $figure }
geo-rank = Number { $rank } from the top of { $count } with a value
geo-table-title = { $figure } by place
geo-value = Value
geo-unit = Unit
geo-name = Name
geo-code = Code
geo-above = Above
geo-below = Divisions below
geo-numerator = Numerator
geo-denominator = Denominator
geo-used = Counted
geo-lacking = Without a number
geo-years = Years
geo-commit = Commit
geo-nature = Nature of the data
geo-part = own units only
geo-outside = not within your permission
geo-whole = all
geo-no-value-or-outside = no value, or not within your permission
geo-coverage = Coverage
geo-not-in-places = Not assigned to this level
geo-picture-counties = There are many townships; the still picture shows counties. Go into a county to see its townships.

# What a figure is
geo-definition = { $figure }: { $about }. Source: { $source }.
geo-nothing-before = { $dataset }: no data as of { $day } yet; the earliest begins on { $first }
geo-nothing-known = { $dataset }: nothing had come in by { $day }
geo-note-school-year = school year { $year }
geo-note-year = { $year }
geo-note-span = { $first } to { $last }
geo-note-kinds = kinds: { $kinds }
geo-note-used = { $count } institutions counted
geo-note-missing = { $count } left out for want of a number
geo-note-nowhere = { $count } without a division, in no place
geo-note-counties-missing = { $count } counties without a number
geo-note-outside = { $count } areas not within your permission
geo-note-no-coordinates = { $count } without coordinates are not on the map
geo-note-synthetic = synthetic data among them
geo-note-as-of = as of { $day }
geo-note-commit = commit { $number }

# Map review number
geo-review = Map review number: { $number } · for illustration, not for demarcation
geo-review-missing = not filled in
geo-review-schematic = For illustration, not for demarcation
geo-no-outlines-title = No outlines yet
geo-no-outlines = The map appears here once outlines of divisions (GeoJSON) are imported. Lists and figures can be read now.
geo-no-outlines-import = Import outlines
geo-no-divisions = There are no divisions yet.

# Divisions
geo-divisions = Divisions
geo-search = Find by name or code
geo-first-found = { $n ->
   *[other] Only the first { $shown } are listed; write more of the name
 }
geo-divisions-source = Figures count their usual kinds of institution; the dictionary defines them.
geo-division-kind = Kind
geo-full-name = Full name
geo-outline = Outline
geo-outline-imported = imported
geo-outline-schematic = schematic (worked out from seats)
geo-outline-none = not imported yet
geo-versions = History
geo-from = From
geo-to = To
geo-since-ever = ever
geo-until-now = now
geo-source = Source
geo-changes = Documented changes
geo-old-code = Old code
geo-old-name = Old name
geo-new-code = New code
geo-new-name = New name
geo-date = Date
geo-below-title = Divisions below
geo-no-institutions = No open institutions
geo-code-changed = Code { $old } is { $new } { $name } as of the chosen day
geo-not-then = There was no such division as of { $day }; this is its history

# Failures
geo-failed-title = The map could not be made
geo-failed = Something went wrong and was written to the log. Try again later; if it stays so, tell the system administrator.
geo-address-title = The address is wrong
geo-address = A day or kind in the address cannot be read. Choose again on the map page.
