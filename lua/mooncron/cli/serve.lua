return {summary='serve', run=function() error('later') end}
