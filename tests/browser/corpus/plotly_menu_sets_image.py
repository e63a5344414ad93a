"""A button that, once pressed, puts a picture from elsewhere into the plot."""

OUTPUT = {
    "kind": "figure",
    "figure": {
        "data": [{"type": "bar", "y": [1, 2]}],
        "layout": {
            "updatemenus": [
                {
                    "type": "buttons",
                    "active": -1,
                    "buttons": [
                        {
                            "label": "press",
                            "method": "relayout",
                            "args": [
                                "images",
                                [
                                    {
                                        "source": "http://elsewhere.invalid/menu.png",
                                        "xref": "paper",
                                        "yref": "paper",
                                        "sizex": 1,
                                        "sizey": 1,
                                    }
                                ],
                            ],
                        },
                        {
                            "label": "me",
                            "method": "relayout",
                            "args": [{"images[0].source": "http://elsewhere.invalid/menu2.png"}],
                        },
                    ],
                }
            ]
        },
    },
    "title": "Hostile",
}
